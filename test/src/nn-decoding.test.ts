// Sequences that a model draws itself, and teacher forcing.
import { describe, expect, test } from "vitest";
import { compile, Graph, nn, ops, random, tensor, type Tensor } from "gradloom";

const classes = 5;
const ids = (...data: number[]): Tensor => tensor(data, { dtype: "i32" });

/** After id k comes k + 1 for sure, or nearly; the state counts the steps. */
const nextOf =
  (certainty: number): nn.NextIds<Tensor> =>
  (given, state) => {
    const following = ops.where(given.greater(classes - 2), 0, given.add(1));
    return [(following as typeof given).oneHot(classes).mul(certainty), state.add(1)];
  };

describe("generate", () => {
  test("draws ids one after the other, each given the one before", () => {
    const [drawn, state] = nn.generate(nextOf(100), ids(0, 3), tensor([0, 0]), { length: 4 });
    expect(drawn.toArray()).toEqual([[1, 2, 3, 4], [4, 0, 1, 2]]); // prettier-ignore
    expect(state.toArray()).toEqual([4, 4]);
  });

  test("in a graph it is one loop, which draws what eager code draws, at any temperature", () => {
    const draw = (first: Tensor, state: Tensor, temperature: number | Tensor) =>
      nn.generate(nextOf(1), first, state, { length: 30, temperature })[0];
    for (const temperature of [0, 0.5, 3]) {
      random.seed(5);
      const graph = new Graph();
      const [first, heat] = [graph.input("first", [2], "i32"), graph.input("heat", [])];
      const start = graph.input("start", [2]);
      const e = compile({ outputs: { y: draw(first, start, temperature === 3 ? heat : temperature) } });
      const feeds = { first: [0, 3], start: [0, 0], ...(temperature === 3 ? { heat: 3 } : {}) };
      const found = [...e.run(feeds).y.data];
      random.seed(5);
      expect([...draw(ids(0, 3), tensor([0, 0]), temperature).data()]).toEqual(found);
      expect(e.plan().regions).toHaveLength(1);
      const surprises = found.filter((id, i) => i % 30 > 0 && id !== (found[i - 1]! + 1) % classes).length;
      expect(surprises > 0).toBe(temperature > 0);
    }
  });

  test("continues what a recurrent layer has read", () => {
    const [table, layer, head] = [nn.embedding(classes, 3), nn.lstm(3, 4), nn.dense(4, classes)];
    const text = tensor([[1, 2, 3]], { dtype: "i32" });
    const next: nn.NextIds<nn.LstmState> = (given, state) => {
      const [y, after] = layer.step(table(given), state);
      return [head(y), after];
    };
    const { state } = layer.run(table(text));
    const [drawn] = nn.generate(next, ids(4), state, { length: 3, temperature: 0 });
    // The same by reading all from the start each time.
    const all = [1, 2, 3, 4];
    for (let i = 0; i < 3; i++) {
      const logits = head(layer(table(tensor([all], { dtype: "i32" }))));
      all.push(logits.argmax(-1).data().at(-1)!);
    }
    expect([...drawn.data()]).toEqual(all.slice(4));
  });
});

describe("decode", () => {
  const told = tensor([[0, 3, 1, 1], [2, 2, 4, 0]], { dtype: "i32" }); // prettier-ignore
  const seen = (logits: Tensor) => logits.argmax(-1).toArray();

  test("with a teacher follows the right ids", () => {
    const [logits, state] = nn.decode(nextOf(100), told, tensor([0, 0]));
    expect(logits.shape).toEqual([2, 4, classes]);
    expect(seen(logits)).toEqual([[1, 4, 2, 2], [3, 3, 0, 1]]); // prettier-ignore
    expect(state.toArray()).toEqual([4, 4]);
  });

  test("without one follows its own ids after the first", () => {
    const [logits] = nn.decode(nextOf(100), told, tensor([0, 0]), { teacher: 0 });
    expect(seen(logits)).toEqual([[1, 2, 3, 4], [3, 4, 0, 1]]); // prettier-ignore
  });

  test("with one that speaks half of the time does both, the same in both modes", () => {
    const long = Int32Array.from({ length: 100 }, (_, i) => (i * i) % classes);
    const run = (given: Tensor, state: Tensor, teacher: number | Tensor) =>
      nn.decode(nextOf(100), given, state, { teacher })[0].argmax(-1);
    random.seed(7);
    const graph = new Graph();
    const [given, state] = [graph.input("given", [1, 100], "i32"), graph.input("state", [1])];
    const e = compile({ outputs: { y: run(given, state, graph.input("teacher", [])) } });
    const found = [...e.run({ given: long, state: [0], teacher: 0.5 }).y.data];
    random.seed(7);
    expect([...run(tensor(long, { shape: [1, 100] }), tensor([0]), 0.5).data()]).toEqual(found);
    const right = found.filter((id, t) => id === (long[t]! + 1) % classes).length;
    expect(right).toBeGreaterThan(40);
    expect(right).toBeLessThan(90);
  });

  test("takes ids alone, and a temperature from 0 up", () => {
    expect(() => nn.decode(nextOf(1), tensor([[1]]), tensor([0]))).toThrow(
      "decode: ids are f32[1,1], not i32[batch,time]",
    );
    expect(() => nn.sample(tensor([1, 2]), { temperature: -1 })).toThrow(
      "sample: the temperature is -1, not a number from 0 up",
    );
  });
});
