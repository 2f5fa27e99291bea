// The device: its allocator, its budget, parameters and scratch.
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Parameter } from "#ir/node.js";
import { Device, defaultDevice } from "#runtime/device.js";

const device = (budget?: number) => new Device({ backend: "js", budget });

function parameterOf(values: readonly number[]): Parameter {
  return {
    kind: "parameter",
    id: 0,
    name: "w",
    type: { dtype: "f32", shape: [values.length] },
    initial: () => Float32Array.from(values),
  };
}

describe("allocate and free", () => {
  it("addresses are multiples of 64 and never 0", () => {
    const d = device();
    const addresses = [0, 1, 63, 64, 65, 1000].map((bytes) => d.allocate(bytes));
    expect(addresses.every((a) => a > 0 && a % 64 === 0)).toBe(true);
  });

  it("what was freed is given again", () => {
    const d = device();
    const first = d.allocate(100);
    d.allocate(100);
    d.free(first);
    expect(d.allocate(100)).toBe(first);
  });

  it("neighbours that are freed, in any order, become one block", () => {
    const d = device();
    const [a, b, c] = [d.allocate(1024), d.allocate(1024), d.allocate(1024)];
    d.allocate(64);
    d.free(a!);
    d.free(c!);
    d.free(b!);
    expect(d.allocate(3 * 1024 + 2 * 64)).toBe(a);
  });

  it("when everything is freed, one block of all the memory is left", () => {
    const d = device();
    const addresses = Array.from({ length: 200 }, (_, i) => d.allocate(i * 37));
    const bytes = d.memory.bytes;
    for (const address of addresses) d.free(address);
    expect(d.bytesInUse).toBe(0);
    d.allocate(bytes * 0.8);
    expect(d.memory.bytes).toBe(bytes);
  });

  it("a block is freed once", () => {
    const d = device();
    const a = d.allocate(64);
    d.free(a);
    expect(() => d.free(a)).toThrow(`device: ${a} is not the address of a block in use`);
    expect(() => d.free(12)).toThrow("device: 12 is not the address of a block in use");
  });

  it("any sequence of allocations and frees: blocks in use do not overlap and keep their bytes", () => {
    const step = fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 1_000_000 }), fc.record({ free: fc.nat() }));
    const run = (steps: readonly (number | { free: number })[]) => {
      const d = device();
      const held: { address: number; bytes: number; mark: number }[] = [];
      let mark = 0;
      for (const s of steps) {
        if (typeof s === "number") {
          const address = d.allocate(s);
          for (const other of held)
            expect(address + s <= other.address || other.address + other.bytes <= address).toBe(true);
          mark = (mark + 1) & 255;
          d.u8.fill(mark, address, address + s);
          held.push({ address, bytes: s, mark });
        } else if (held.length > 0) {
          const [gone] = held.splice(s.free % held.length, 1);
          expect(d.u8.subarray(gone!.address, gone!.address + gone!.bytes).every((b) => b === gone!.mark)).toBe(true);
          d.free(gone!.address);
        }
      }
      const least = held.reduce((sum, h) => sum + h.bytes, 0);
      expect(d.bytesInUse).toBeGreaterThanOrEqual(least);
      expect(d.bytesInUse).toBeLessThan(least + 65 * held.length + 1);
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), run), { numRuns: 100, seed: 20_26 });
  });

  it("100 000 allocations of changing sizes in a ring of 50 do not grow the memory", () => {
    const d = device();
    const ring = Array.from({ length: 50 }, (_, i) => d.allocate(i * 64));
    let after: number | null = null;
    for (let i = 0; i < 100_000; i++) {
      d.free(ring[i % 50]!);
      ring[i % 50] = d.allocate((i * 7919) % 20_000);
      if (i === 1000) after = d.memory.bytes;
    }
    expect(d.memory.bytes).toBe(after);
  });
});

describe("limits", () => {
  it("a budget ends in a MemoryError that says how much was asked for and how much is in use", () => {
    const d = device(1 << 20);
    d.allocate(1 << 19);
    expect(() => d.allocate(1 << 20)).toThrow("device: 1 MiB beside 512 KiB in use exceed the budget of 1 MiB");
    expect(d.bytesInUse).toBe(1 << 19);
  });

  it("more than the memory can ever hold is refused before anything is allocated", () => {
    const d = device();
    const before = d.memory.bytes;
    expect(() => d.allocate(2 ** 43)).toThrow(/^device: 8 TiB beside 0 bytes in use exceed the budget of /);
    expect(d.memory.bytes).toBe(before);
  });

  it("the peak is the most that was in use at once", () => {
    const d = device();
    const a = d.allocate(6400);
    d.free(a);
    d.allocate(640);
    expect([d.bytesInUse, d.peak]).toEqual([640, 6400]);
  });
});

describe("growth", () => {
  it("the arrays over the memory follow it, and the contents stay", () => {
    const d = device();
    const a = d.allocate(16);
    d.f32[a / 4] = 1.5;
    const before = d.f32;
    d.allocate(d.memory.bytes * 2);
    expect(d.f32).not.toBe(before);
    expect([d.f32[a / 4], d.view("f32", a, 1)[0]]).toEqual([1.5, 1.5]);
  });

  it("falls back to smaller maxima where the engine refuses", () => {
    const Real = WebAssembly.Memory;
    const asked: number[] = [];
    const Small = function (limits: WebAssembly.MemoryDescriptor) {
      asked.push(limits.maximum!);
      if (limits.maximum! > 16384) throw new RangeError("could not allocate memory");
      return new Real(limits);
    };
    WebAssembly.Memory = Small as unknown as typeof WebAssembly.Memory;
    try {
      expect(device().budget).toBe(16384 * 65536);
      expect(asked).toEqual([65536, 65535, 32768, 16384]);
    } finally {
      WebAssembly.Memory = Real;
    }
  });
});

describe("parameters and scratch", () => {
  it("a parameter is made once, with its initial value, and lives at one address", () => {
    const d = device();
    const w = parameterOf([1, 2, 3]);
    const address = d.address(w);
    d.f32[address / 4] = 7;
    expect(d.address(w)).toBe(address);
    expect([...d.view("f32", address, 3)]).toEqual([7, 2, 3]);
    d.release(w);
    expect(d.bytesInUse).toBe(0);
    expect([...d.view("f32", d.address(w), 3)]).toEqual([1, 2, 3]);
  });

  it("all programs share one scratch region, which grows when one asks for more", () => {
    const d = device();
    const small = d.scratch(1000);
    expect(d.scratch(500)).toBe(small);
    d.scratch(100_000);
    expect(d.bytesInUse).toBe(Math.ceil(100_000 / 64) * 64);
  });

  it("a device that was closed says why", () => {
    const d = device();
    d.close("unreachable");
    expect(() => d.assertOpen()).toThrow("device: it was closed by an earlier fault: unreachable");
  });
});

describe("backend", () => {
  afterEach(() => vi.restoreAllMocks());

  it("is wasm by default, and the process has one device", () => {
    expect(new Device().backend).toBe("wasm");
    expect(defaultDevice()).toBe(defaultDevice());
  });

  it("is js without wasm SIMD, which is said once", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect([new Device().backend, new Device().backend]).toEqual(["js", "js"]);
    expect(warn.mock.calls).toEqual([
      ["gradloom: this engine has no WebAssembly SIMD; programs run as JavaScript, which is slower"],
    ]);
  });
});
