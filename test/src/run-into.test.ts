// runInto of a training step allocates nothing on the JavaScript heap after warm-up.
import { expect, test } from "vitest";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";

test("10 000 training steps allocate nothing on the heap", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const g = new Graph("mlp");
  const [x, y] = [g.input("x", ["batch", 8]), g.input("y", ["batch"], "i32")];
  const model = nn.sequential(nn.dense(8, 16, { activation: "relu" }), nn.dense(16, 4));
  const loss = nn.softmaxCrossEntropy(model(x), y).mean();
  const train = compile({ outputs: { loss }, updates: optim.adam().minimize(loss) });
  // The last batch of an epoch is shorter: both bindings take turns.
  const batches = [16, 16, 16, 5].map((n) => ({
    x: Float32Array.from({ length: n * 8 }, (_, i) => Math.sin(i)),
    y: Int32Array.from({ length: n }, (_, i) => i % 4),
  }));
  const outputs = { loss: new Float32Array(1) };
  const steps = (count: number) => {
    for (let i = 0; i < count; i++) train.runInto(batches[i & 3]!, outputs);
  };
  steps(5000);
  const growth = (count: number) => {
    gc();
    const before = process.memoryUsage().heapUsed;
    steps(count);
    return process.memoryUsage().heapUsed - before;
  };
  // The engine itself allocates now and then, as when it compiles, which takes long on a busy machine; an object a step is
  // 160 000 bytes every time.
  let least = Infinity;
  for (let turn = 0; turn < 10 && least >= 40_000; turn++) least = Math.min(least, growth(10_000));
  expect(least).toBeLessThan(40_000);
  expect(outputs.loss[0]).toBeLessThan(1);
});
