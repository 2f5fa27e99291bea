// Eager mistakes: the message, the user's line, and nothing left behind.
import { describe, expect, it } from "vitest";
import { MemoryError, RunError, ShapeError } from "#ir/errors.js";
import { broadcast, exp, gather, matmul } from "#ir/ops/index.js";
import { Device } from "#runtime/device.js";
import { engineOn } from "#src/eager/default-engine.js";
import { engines } from "./engines.js";

const errorOf = (run: () => unknown): Error => {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};

describe.each(engines)("on $name", ({ make }) => {
  const engine = make();
  const x = engine.from(Float32Array.of(1, 2, 3), [3], "f32");

  it("an index out of range is a RunError with the index, the range and the line of this call", () => {
    const index = engine.from(Int32Array.of(0, 7), [2], "i32");
    const before = engine.memory.live;
    for (let again = 0; again < 2; again++) {
      const error = errorOf(() => gather(x, index));
      expect(error).toBeInstanceOf(RunError);
      expect(error.message).toMatch(
        /^gather: index 7 is out of range 0 to 2\n {2}at test\/eager\/errors\.test\.ts:\d+:\d+$/,
      );
    }
    expect(engine.memory.live).toBe(before);
    expect([...exp(engine.from(Float32Array.of(0), [1], "f32")).type.shape]).toEqual([1]);
  });

  it("shapes that do not fit are refused before anything is compiled", () => {
    const { kernelsCompiled } = engine.stats();
    const error = errorOf(() => matmul(engine.from(new Float32Array(6), [2, 3], "f32"), broadcast(x, [2, 3])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/^matmul: lhs has 3 columns but rhs has 2 rows/);
    expect(engine.stats().kernelsCompiled).toBe(kernelsCompiled);
  });
});

it("a device without room says how much eager tensors hold and what frees it", () => {
  const engine = engineOn(new Device({ backend: "js", budget: 4096 }));
  engine.from(new Float32Array(512), [512], "f32");
  const error = errorOf(() => engine.from(new Float32Array(1024), [1024], "f32"));
  expect(error).toBeInstanceOf(MemoryError);
  expect(error.message).toMatch(
    /^eager tensors hold 2048 bytes, and device: 4 KiB beside .* exceed the budget of 4 KiB\n {2}help: scope/,
  );
});
