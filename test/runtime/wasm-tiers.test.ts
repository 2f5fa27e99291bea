// Large launches run in parts, and what is called before the first run computes nothing.
import { describe, expect, it } from "vitest";
import { add, indexLocal, literal, load } from "#ir/expr.js";
import type { Kernel } from "#ir/kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
import { store, zeros } from "./kernel-parts.js";
import { kernelOf, planOf, runWasm } from "./run-kernel.js";

const extents = [1, 2, 3, 63, 64, 65, 127, 130, 1000];

/** Adds 1 to every element, and says that this were `flops` operations. */
function counting(extent: number, flops: number): Kernel {
  const p = indexLocal("p", extent);
  const body = [store("y", p, add(load("y", p, "f32"), literal(1, "f32")))];
  return { ...kernelOf({ y: zeros(extent) }, { over: p, extent, body }), flops };
}

describe("a launch with much to do", () => {
  it.each(extents)("runs each of %i iterations once", (extent) => {
    for (const flops of [0, 2 ** 20, 2 ** 30]) {
      const ones = new Array<number>(extent).fill(1);
      expect(runWasm(counting(extent, flops), { y: zeros(extent) }).y).toEqual(ones);
    }
  });

  it("calls its function many times, a small one calls it once", () => {
    const size = (flops: number): number => encode(counting(1000, flops)).length;
    expect(size(2 ** 30)).toBeGreaterThan(size(0) + 20);
  });
});

describe("before the first run", () => {
  it("functions with much to do are called, but do nothing", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(encode(counting(100, 2 ** 30)));
    const env = { memory, fail: () => {}, threadScratch: 0 };
    const { warm } = new WebAssembly.Instance(module, { env }).exports as { warm: () => void };
    warm();
    expect(new Float32Array(memory.buffer).every((x) => x === 0)).toBe(true);
  });

  it("nothing is called where there is little to do", () => {
    const names = WebAssembly.Module.exports(new WebAssembly.Module(encode(counting(100, 1000)))).map((e) => e.name);
    expect(names).toEqual(["launch0", "run"]);
  });
});

function encode(kernel: Kernel): Uint8Array<ArrayBuffer> {
  return encodeModule(planOf(kernel), { addressOf: () => 0, shared: false }).bytes;
}
