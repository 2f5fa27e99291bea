// Names of parameters by path, and state as plain data.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";

const mlp = () => nn.sequential(nn.dense(2, 3, { activation: "tanh" }), nn.dense(3, 1));
const pathsOf = (model: unknown) => [...nn.namedParameters(model).keys()];
const mlpPaths = ["dense1/weight", "dense1/bias", "dense2/weight", "dense2/bias"];

describe("paths", () => {
  test("follow from the structure, whatever was made before", () => {
    mlp();
    expect(pathsOf(mlp())).toEqual(mlpPaths);
    expect(pathsOf(mlp())).toEqual(mlpPaths);
  });

  test("begin with the keys of records and name nested layers", () => {
    const block = () => nn.sequential(nn.residual(nn.dense(2, 2, { bias: false })), nn.dense(2, 2, { name: "out" }));
    const model = { encoder: nn.sequential(block(), block()), scale: parameter([], 1, { name: "any" }) };
    const inner = ["residual1/dense1/weight", "out/weight", "out/bias"];
    expect(pathsOf(model)).toEqual([
      ...inner.map((path) => `encoder/sequential1/${path}`),
      ...inner.map((path) => `encoder/sequential2/${path}`),
      "scale",
    ]);
  });

  test("what is shared has the path where it stands first, and is one parameter", () => {
    const shared = nn.dense(2, 2, { name: "shared" });
    const model = nn.sequential(shared, nn.dense(2, 2), shared);
    expect(pathsOf(model)).toEqual(["shared/weight", "shared/bias", "dense1/weight", "dense1/bias"]);
    expect(model.parameters).toHaveLength(4);
    const tied = nn.dense(2, 2, { weight: shared.weight, transposed: true, bias: false });
    expect(pathsOf([shared, tied])).toEqual(["shared/weight", "shared/bias"]);
  });

  test("two parameters with one path are refused", () => {
    const model = nn.sequential(nn.dense(2, 2, { name: "fc" }), nn.dense(2, 2, { name: "fc" }));
    expect(() => nn.namedParameters(model)).toThrow('namedParameters: two parameters have the path "fc/weight"');
  });
});

describe("shared weights", () => {
  test("a dense layer computes with the transpose of another's weight, and both gradients add up", () => {
    const first = nn.dense(2, 3, { bias: false });
    first.weight.assign([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    const second = nn.dense(3, 2, { weight: first.weight, transposed: true, bias: false });
    expect(second(tensor([[1, 0, 1]])).toArray()).toEqual([[4, 10]]);
    // y = x·W·Wᵀ summed, x = (1, 0): dW = xᵀ·(1ᵀ·W)… by hand: rows of both uses.
    optim.sgd({ lr: 1 }).minimize(() => second(first(tensor([[1, 0]]))).sum());
    expect(first.weight.toArray()).toEqual([[-5, -7, -9], [3, 3, 3]]); // prettier-ignore
  });

  test("a weight of another shape is refused", () => {
    const first = nn.dense(2, 3);
    const make = () => nn.dense(2, 4, { name: "out", weight: first.weight as never });
    expect(make).toThrow("out: the weight to share is f32[2,3], not f32[2,4]");
  });
});

describe("state", () => {
  const x = [[1, 2], [-1, 0.5]] as const; // prettier-ignore
  const train = (model: ReturnType<typeof mlp>, optimizer: optim.Optimizer, steps: number) => {
    for (let i = 0; i < steps; i++) optimizer.minimize(() => model(tensor(x)).pow(2).mean());
  };

  test("goes into another model, through JSON too, and training goes on as if nothing had happened", () => {
    const [a, b] = [mlp(), mlp()];
    const make = () => optim.accumulate(2, optim.ema(optim.adam({ lr: 0.05 })));
    const [first, second] = [make(), make()];
    train(a, first, 3);
    const text = JSON.stringify(nn.plainState(nn.stateOf(a, first)));
    nn.loadState(b, JSON.parse(text) as nn.PlainState, second);
    const input = new Graph().input("x", [2, 2]);
    const loss = b(input).pow(2).mean();
    const step = compile({ updates: second.minimize(loss) });
    train(a, first, 3);
    for (let i = 0; i < 3; i++) step.run({ x: x.flat() });
    a.parameters.forEach((p, i) => p.data().forEach((v, k) => expect(b.parameters[i]!.data()[k]).toBeCloseTo(v, 6)));
    expect(Object.keys(nn.stateOf(b, second)).sort()).toEqual(Object.keys(nn.stateOf(a, first)).sort());
  });

  test("has plain entries: dtype, shape and numbers, a copy", () => {
    const model = { n: parameter([2], [3, -0], { dtype: "f64", name: "n", trainable: false }) };
    const state = nn.stateOf(model);
    model.n.assign([NaN, Infinity]);
    expect(state).toEqual({ n: { dtype: "f64", shape: [2], data: Float64Array.of(3, -0) } });
    const plain = nn.plainState(nn.stateOf(model));
    expect(plain).toEqual({ n: { dtype: "f64", shape: [2], data: ["NaN", "Infinity"] } });
    nn.loadState(model, plain);
    expect(model.n.toArray()).toEqual([NaN, Infinity]);
    nn.loadState(model, nn.plainState(state));
    expect(Object.is(model.n.data()[1], -0)).toBe(true);
  });

  test("what an optimiser keeps stands under the paths of its parameters", () => {
    const w = parameter([], 1, { name: "w" });
    const optimizer = optim.adam();
    optimizer.minimize(() => w.mul(2));
    expect(Object.keys(nn.stateOf({ w }, optimizer))).toEqual(["w", "w/adam.step", "w/adam.mean", "w/adam.square"]);
  });

  test("of another model is refused whole, with every entry that does not fit", () => {
    const model = { fc: nn.dense(2, 3), out: nn.dense(3, 1, { bias: false }) };
    const before = model.fc.weight.toArray();
    const { "fc/bias": bias, ...state } = nn.stateOf(model);
    const other = {
      ...state,
      "fc/weight": { ...bias!, data: bias!.data.map(() => 9) },
      "out/weight": { ...state["out/weight"]!, data: [1, 2] as never },
      "fc/scale": bias!,
      "head/weight": bias!,
    };
    expect(() => nn.loadState(model, other)).toThrow(
      [
        "loadState: 5 entries do not fit the model",
        "  fc/weight   : f32[2,3]   given f32[3]",
        "  fc/bias     : f32[3]     missing",
        "  out/weight  : f32[3,1]   given f32[3,1] with 2 numbers",
        "  fc/scale    :            given, but the model has no such parameter",
        "  head/weight :            given, but the model has no such parameter",
      ].join("\n"),
    );
    expect(model.fc.weight.toArray()).toEqual(before);
  });

  test("of an optimiser that is not there is refused", () => {
    const w = parameter([], 1, { name: "w" });
    const optimizer = optim.sgd({ lr: 1, momentum: 0.5 });
    optimizer.minimize(() => w.mul(2));
    const load = () => nn.loadState({ w }, nn.stateOf({ w }, optimizer), optim.adam());
    expect(load).toThrow("w/sgd.velocity : given, but nothing here keeps it");
    expect(load).not.toThrow("help:");
    const forgotten = () => nn.loadState({ w }, nn.stateOf({ w }, optimizer));
    expect(forgotten).toThrow("help: loadState(model, state, optimizer) loads what the optimizer keeps, too");
  });

  test("that is still text, or nothing, is refused", () => {
    const w = parameter([], 1, { name: "w" });
    const text = JSON.stringify(nn.plainState(nn.stateOf({ w })));
    expect(() => nn.loadState({ w }, text as never)).toThrow(/a string, not a record.*JSON\.parse/s);
    const numbered = JSON.parse(JSON.stringify(nn.stateOf({ w }))) as never;
    expect(() => nn.loadState({ w }, numbered)).toThrow("data that is no array; JSON needs nn.plainState(state)");
    expect(() => nn.loadState({ w }, null as never)).toThrow("the state is null, not a record");
  });
});
