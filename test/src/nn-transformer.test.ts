// Attention, the transformer block, embeddings and positions, in both modes.
import { describe, expect, test } from "vitest";
import { compile, Graph, grad, nn, optim, tensor, type Tensor } from "gradloom";

const waves = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(1 + i * i));

describe("multiHeadAttention", () => {
  test("with causal does not look ahead: later places change nothing before them", () => {
    const attention = nn.multiHeadAttention(4, 2, { causal: true });
    const [a, b] = [waves(12), waves(12)];
    b.set([9, 9, 9, 9], 8);
    const [y, z] = [a, b].map((data) => attention(tensor(data, { shape: [1, 3, 4] })).data()) as [
      Float32Array,
      Float32Array,
    ];
    expect([...z.slice(0, 8)]).toEqual([...y.slice(0, 8)]);
    expect(z[8]).not.toBe(y[8]);
  });

  test("attends to a context of another length, and a mask hides parts of it", () => {
    const attention = nn.multiHeadAttention(4, 2);
    const x = tensor(waves(16), { shape: [2, 2, 4] });
    const context = tensor(waves(24), { shape: [2, 3, 4] });
    const mask = tensor([[[true, true, false]], [[true, true, false]]]);
    const masked = attention(x, { context, mask });
    const shorter = attention(x, { context: context.slice([0, 0, 0], [2, 2, 4]) });
    expect(masked.shape).toEqual([2, 2, 4]);
    masked.data().forEach((y, i) => expect(y).toBeCloseTo(shorter.data()[i]!, 6));
  });

  test("with one head and projections that change nothing is scaledDotProductAttention", () => {
    const attention = nn.multiHeadAttention(2, 1, { bias: false });
    for (const weight of attention.parameters) weight.assign([[1, 0], [0, 1]]); // prettier-ignore
    const x = tensor(waves(6), { shape: [3, 2] });
    const direct = x.scaledDotProductAttention(x, x);
    attention(x).data().forEach((y, i) => expect(y).toBeCloseTo(direct.data()[i]!, 6)); // prettier-ignore
  });

  test("refuses heads that do not divide the width", () => {
    expect(() => nn.multiHeadAttention(6, 4)).toThrow("the width 6 does not divide into 4 heads");
  });
});

/** Which of two tokens came first: only positions can tell. */
const tokens = [0, 1, 1, 0, 2, 1, 1, 2];
const answers = [0, 1, 1, 0];

function classifier(preNorm: boolean) {
  const tokenTable = nn.embedding(3, 8, { seed: 1 });
  const positions = nn.sinusoidalPositions();
  const block = nn.transformerBlock(8, 2, 16, { preNorm });
  const head = nn.dense(8, 2, { seed: 3 });
  return (ids: Tensor) => head(block(positions(tokenTable(ids)), { training: true }).mean(1));
}

test.each([true, false])(
  "a transformer block overfits four sequences with equal losses in both modes, preNorm %s",
  (preNorm) => {
    const model = classifier(preNorm);
    const graph = new Graph("order");
    const [ids, labels] = [graph.input("ids", ["batch", 2], "i32"), graph.input("labels", ["batch"], "i32")];
    const loss = nn.softmaxCrossEntropy(model(ids), labels).mean();
    const step = compile({ outputs: { loss }, updates: optim.adam({ lr: 0.02 }).minimize(loss) });
    const feeds = { ids: { data: Int32Array.from(tokens), shape: [4, 2] }, labels: Int32Array.from(answers) };
    const eager = () =>
      nn
        .softmaxCrossEntropy(
          model(tensor(Int32Array.from(tokens), { shape: [4, 2] })),
          tensor(Int32Array.from(answers)),
        )
        .mean()
        .item();
    let last = Infinity;
    for (let i = 0; i < 40; i++) {
      const before = i % 10 === 0 ? eager() : null;
      last = step.run(feeds).loss.data[0]!;
      if (before !== null) expect(last).toBeCloseTo(before, 5);
    }
    expect(last).toBeLessThan(0.05);
  },
);

describe("positions", () => {
  test("sinusoidal ones are sines and cosines of p / 10000^(2i/width)", () => {
    const rows = nn
      .sinusoidalPositions()(tensor(new Float32Array(12), { shape: [3, 4] }))
      .data();
    const expected = [0, 1, 2].flatMap((p) => [Math.sin(p), Math.cos(p), Math.sin(p / 100), Math.cos(p / 100)]);
    rows.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 6));
  });

  test("learned ones are rows of a table, and only the rows in use have a gradient", () => {
    const positions = nn.learnedPositions(3, 2);
    positions.weight.assign([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    const x = tensor(new Float32Array(8), { shape: [2, 2, 2] });
    expect(positions(x).toArray()).toEqual([[[1, 2], [3, 4]], [[1, 2], [3, 4]]]); // prettier-ignore
    expect(grad(positions(x).sum(), [positions.weight])[0].toArray()).toEqual([[2, 2], [2, 2], [0, 0]]); // prettier-ignore
    expect(() => positions(tensor(new Float32Array(8), { shape: [4, 2] }))).toThrow(
      "x has 4 places, but the table has 3",
    );
  });
});

describe("embedding", () => {
  test("takes rows, and its gradient adds up where an id occurs again", () => {
    const table = nn.embedding(3, 2);
    table.weight.assign([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
    const ids = tensor([[2, 0], [2, 1]], { dtype: "i32" }); // prettier-ignore
    expect(table(ids).toArray()).toEqual([[[5, 6], [1, 2]], [[5, 6], [3, 4]]]); // prettier-ignore
    expect(grad(table(ids).sum(), [table.weight])[0].toArray()).toEqual([[1, 1], [1, 1], [2, 2]]); // prettier-ignore
  });

  test("stops at an id that the table does not have", () => {
    expect(() =>
      nn
        .embedding(
          3,
          2,
        )(tensor([3], { dtype: "i32" }))
        .data(),
    ).toThrow("embedding: id 3 is out of range 0 to 2");
  });
});

test("a label that is no class stops the run with the name of the loss", () => {
  const run = () => nn.softmaxCrossEntropy(tensor([[0, 0]]), tensor([12], { dtype: "i32" })).data();
  expect(run).toThrow("softmaxCrossEntropy: label 12 is out of range 0 to 1");
});
