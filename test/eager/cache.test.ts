// What is compiled once and what is compiled again; what is forgotten first.
import { describe, expect, it } from "vitest";
import type { Attrs } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { add, argmax, matmul, mul, reshape, slice, sum, transpose } from "#ir/ops/index.js";
import { ApplicationCache, attrsKey, type Compiled } from "#src/eager/cache.js";
import type { EagerTensor } from "#src/eager/eager-tensor.js";
import { eagerGradient } from "#src/eager/gradient.js";
import { onReference } from "./fake-device.js";

const setup = () => {
  const { engine } = onReference();
  const filled = (...shape: number[]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return engine.from(new Float32Array(count).fill(1), shape, "f32");
  };
  return { engine, filled, compiled: () => engine.stats().kernelsCompiled };
};

describe("the eager cache", () => {
  it("compiles an op once for the same layouts and attributes, and counts every launch", () => {
    const { engine, filled } = setup();
    for (let i = 0; i < 3; i++) sum(add(filled(2, 3), filled(2, 3)), [1]);
    expect(engine.stats()).toMatchObject({ kernelsCompiled: 2, launches: 6 });
    engine.resetStats();
    expect(engine.stats()).toMatchObject({ kernelsCompiled: 0, launches: 0, compileMs: 0 });
    expect(engine.stats().bytesPeak).toBe(engine.stats().bytesLive);
  });

  it("compiles again for another shape, other strides and other attributes", () => {
    const { filled, compiled } = setup();
    const x = filled(3, 3);
    sum(x, [0]);
    expect(compiled()).toBe(1);
    sum(filled(3, 4), [0]);
    expect(compiled()).toBe(2);
    sum(transpose(x, [1, 0]), [0]);
    expect(compiled()).toBe(3);
    sum(x, [1]);
    expect(compiled()).toBe(4);
  });

  it("does not compile again for another place in memory: slices of one shape share a program", () => {
    const { filled, compiled } = setup();
    const x = filled(10, 2);
    for (let i = 0; i < 10; i++) sum(slice(x, [i, 0], [1, 2]));
    expect(compiled()).toBe(1);
  });

  it("computes only the cotangents that are wanted: of x·W with respect to W it is one product", () => {
    const { engine, filled } = setup();
    const [x, w] = [filled(4, 3), filled(3, 2)];
    const y = sum(matmul(x, w)) as EagerTensor;
    eagerGradient(y, [w]);
    engine.resetStats();
    const [g] = eagerGradient(y, [w]);
    expect(engine.stats()).toMatchObject({ launches: 1, kernelsCompiled: 0 });
    expect([...g!.data()]).toEqual([4, 4, 4, 4, 4, 4]);
  });

  it("launches nothing for views", () => {
    const { engine, filled } = setup();
    reshape(transpose(slice(filled(4, 4), [0, 1], [4, 2]), [1, 0]), [2, 2, 2]);
    expect(engine.stats()).toMatchObject({ launches: 0, kernelsCompiled: 0 });
  });

  it("keeps no result of a failed launch", () => {
    const { engine, filled } = setup();
    const x = filled(4);
    const before = engine.memory.live;
    engine.memory.budget = before + 15;
    expect(() => mul(x, x)).toThrow("mul: eager tensors hold");
    expect(engine.memory.live).toBe(before);
  });

  it("tells attributes apart: -0 from 0, numbers from strings, keys from values", () => {
    const keys = [
      { a: 0 },
      { a: -0 },
      { a: "0" },
      { a: [1, 2] },
      { a: [12] },
      { a: [-0] },
      { a: [0] },
      { a: 1, b: 2 },
      {},
    ];
    expect(new Set(keys.map((attrs: Attrs) => attrsKey(attrs))).size).toBe(keys.length);
  });

  it("forgets the programs unused for longest when it is full, and disposes of them", () => {
    const disposed: string[] = [];
    const entry = (name: string): Compiled => ({
      kind: "compiled",
      program: { run: () => {}, launches: 1, bytes: 0, dispose: () => disposed.push(name) },
      results: [],
      addresses: [],
    });
    const cache = new ApplicationCache({ compiled: 4, effortless: 4 });
    const ops = [add, mul] as unknown as AnyOp[];
    ["a", "b", "c", "d"].forEach((name, i) => cache.put(ops[i % 2]!, name, entry(name)));
    cache.get(ops[0]!, "a");
    cache.put(ops[0]!, "e", entry("e"));
    expect(disposed).toEqual(["b", "c"]);
    expect(cache.get(ops[0]!, "a")).toBeDefined();
    expect(cache.get(ops[1]!, "b")).toBeUndefined();
  });

  it("remembers integer results too", () => {
    const { engine, filled } = setup();
    const [first, second] = [argmax(filled(2, 3), 1), argmax(filled(2, 3), 1)] as unknown as EagerTensor[];
    expect([...first!.data(), ...second!.data()]).toEqual([0, 0, 0, 0]);
    expect(engine.stats()).toMatchObject({ kernelsCompiled: 1, launches: 2 });
  });
});
