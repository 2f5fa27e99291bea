// Synchronous eager training: it learns, and memory does not grow, neither the device's nor JavaScript's.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { arrayOf } from "#ir/dtype.js";
import { makeParameter } from "#ir/parameter.js";
import { add, broadcast, matmul, mean, mul, sigmoid, sub, tanh } from "#ir/ops/index.js";
import { Device } from "#runtime/device.js";
import { engineOn } from "#src/eager/default-engine.js";
import type { EagerTensor } from "#src/eager/eager-tensor.js";
import { eagerGradient } from "#src/eager/gradient.js";
import { assignTo } from "#src/eager/parameters.js";
import { scope } from "#src/eager/scope.js";
import { generator } from "../random.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("eager training of exclusive or, 2-8-1, full batches", () => {
  const device = new Device({ backend: "wasm" });
  const engine = engineOn(device);
  const next = generator(1);
  const weight = (name: string, rows: number, columns: number) => {
    const data = Array.from({ length: rows * columns }, () => 2 * next() - 1);
    const record = makeParameter(name, { dtype: "f32", shape: [rows, columns] }, () => arrayOf("f32", data));
    return engine.parameter(record);
  };
  const parameters = [weight("w1", 2, 8), weight("b1", 1, 8), weight("w2", 8, 1), weight("b2", 1, 1)];
  const [w1, b1, w2, b2] = parameters as [EagerTensor, EagerTensor, EagerTensor, EagerTensor];
  const x = engine.from(Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), [4, 2], "f32");
  const truth = engine.from(Float32Array.of(0, 1, 1, 0), [4, 1], "f32");

  const predict = () => {
    const hidden = tanh(add(matmul(x, w1), broadcast(b1, [4, 8])));
    return sigmoid(add(matmul(hidden, w2), broadcast(b2, [4, 1]))) as EagerTensor;
  };
  /** One step of gradient descent; gives the loss before it. */
  const step = (rate: number) =>
    scope(() => {
      const error = sub(predict(), truth);
      const loss = mean(mul(error, error)) as EagerTensor;
      const gradients = eagerGradient(loss, parameters, { history: false });
      assignTo(parameters.map((p, k) => [p, sub(p, mul(gradients[k]!, rate)) as EagerTensor] as const));
      return loss.data()[0]!;
    });

  it("learns the truth table in 2000 steps", () => {
    for (let i = 0; i < 2000; i++) step(3);
    expect(scope(() => [...predict().data()].map(Math.round))).toEqual([0, 1, 1, 0]);
    expect(step(3)).toBeLessThan(0.01);
  });

  it("holds exactly as many bytes after 3000 steps more, and no more JavaScript objects", () => {
    collect();
    const before = { eager: engine.memory.live, device: device.bytesInUse, heap: process.memoryUsage().heapUsed };
    for (let i = 0; i < 3000; i++) step(3);
    collect();
    expect(engine.memory.live).toBe(before.eager);
    expect(device.bytesInUse).toBe(before.device);
    expect((process.memoryUsage().heapUsed - before.heap) / 3000).toBeLessThan(64);
  });

  it("keeps at most 1024 numbers ready when the rate is another one at every step", () => {
    const before = engine.memory.live;
    for (let i = 0; i < 3000; i++) step(2 + 1 / (1 + i));
    expect(engine.memory.live - before).toBeLessThanOrEqual(4 * 1024);
  });

  it("compiles nothing after the first step", () => {
    engine.resetStats();
    step(3);
    expect(engine.stats().kernelsCompiled).toBe(0);
  });
});
