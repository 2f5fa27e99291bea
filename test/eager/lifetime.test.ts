// Who frees what: scopes, dispose, keep, the byte budget, the garbage collector.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { DisposedError } from "#ir/errors.js";
import { transpose } from "#ir/ops/movement.js";
import type { EagerTensor } from "#src/eager/eager-tensor.js";
import { keep, scope } from "#src/eager/scope.js";
import { viewsOnly } from "./fake-device.js";

const setup = () => {
  const { engine, device } = viewsOnly();
  return {
    engine,
    device,
    make: (...values: number[]) => engine.from(Float32Array.from(values), [values.length], "f32"),
  };
};

describe("scope", () => {
  it("frees what was made inside, to the byte", () => {
    const { engine, device, make } = setup();
    scope(() => {
      make(1, 2, 3);
      expect(engine.memory.live).toBe(12);
    });
    expect(engine.memory.live).toBe(0);
    expect(device.blocks.size).toBe(0);
    expect(engine.memory.peak).toBe(12);
  });

  it("spares what is returned: a tensor, or tensors in arrays, records, maps and wrappers", () => {
    const { engine, make } = setup();
    class Wrapper {
      constructor(readonly handle: EagerTensor) {}
    }
    const out = scope(() => ({
      plain: make(1),
      list: [make(2), [make(3)]],
      map: new Map([["k", make(4)]]),
      wrapped: new Wrapper(make(5)),
      unrelated: new Date(0),
      dropped: make(6).data(),
    }));
    expect([...out.plain.data(), ...out.wrapped.handle.data(), ...out.map.get("k")!.data()]).toEqual([1, 5, 4]);
    expect(engine.memory.live).toBe(5 * 4);
  });

  it("nests: what leaves an inner scope belongs to the outer one", () => {
    const { engine, make } = setup();
    scope(() => {
      const inner = scope(() => (make(1, 1), make(2)));
      expect(engine.memory.live).toBe(4);
      expect([...inner.data()]).toEqual([2]);
    });
    expect(engine.memory.live).toBe(0);
  });

  it("keep exempts a tensor from all scopes around it", () => {
    const { engine, make } = setup();
    const kept = scope(() => scope(() => [make(7), keep(make(8))]).map((x) => x.data()[0]))[1];
    expect(kept).toBe(8);
    expect(engine.memory.live).toBe(4);
  });

  it("frees what was made before an exception, and passes the exception on", () => {
    const { engine, make } = setup();
    expect(() =>
      scope(() => {
        make(1);
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(engine.memory.live).toBe(0);
  });

  it("a view that is returned keeps the memory, its source does not survive", () => {
    const { engine, make } = setup();
    let source: EagerTensor | null = null;
    const view = scope(() => transpose((source = make(1, 2)), [0])) as EagerTensor;
    expect([...view.data()]).toEqual([1, 2]);
    expect(() => source!.data()).toThrow("data: f32[2] was freed at the end of its scope");
    view.dispose();
    expect(engine.memory.live).toBe(0);
  });

  it("refuses async functions and promises", () => {
    const { engine, make } = setup();
    const message = "scope: an async function would still be running when its tensors are freed";
    expect(() => scope(async () => make(1))).toThrow(message);
    expect(() => scope(() => Promise.resolve(make(1)))).toThrow(message);
    expect(engine.memory.live).toBe(0);
  });
});

describe("dispose", () => {
  it("makes later use a DisposedError that says what the tensor was", () => {
    const { make } = setup();
    const x = transpose(make(1, 2), [0]) as EagerTensor;
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(() => x.data()).toThrow("data: f32[2] made by transpose was disposed of");
    expect(() => transpose(x, [0])).toThrow(DisposedError);
    expect(() => transpose(x, [0])).toThrow("transpose: x f32[2] made by transpose was disposed of");
  });

  it("happens at the end of a block with `using`", () => {
    const { engine, make } = setup();
    {
      using x = make(1, 2, 3, 4);
      expect(x.data().length).toBe(4);
      expect(engine.memory.live).toBe(16);
    }
    expect(engine.memory.live).toBe(0);
  });

  it("inside a scope frees once", () => {
    const { engine, device, make } = setup();
    scope(() => make(1).dispose());
    expect([engine.memory.live, device.blocks.size]).toEqual([0, 0]);
  });
});

describe("the byte budget", () => {
  it("ends in a MemoryError that says how much is held and what frees it", () => {
    const { engine, make } = setup();
    engine.memory.budget = 20;
    const held = make(1, 2, 3);
    expect(() => make(4, 5, 6)).toThrow(
      "eager tensors hold 12 bytes, and 12 more exceed the budget of 20 bytes\n" +
        "  help: scope(() => …) frees the tensors made inside it; so does tensor.dispose()",
    );
    held.dispose();
    expect(make(4, 5, 6).data().length).toBe(3);
  });
});

describe("the garbage collector", () => {
  it("frees what was dropped outside scopes, between turns", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { engine, make } = setup();
    for (let i = 0; i < 10; i++) make(i, i);
    expect(engine.memory.live).toBe(80);
    for (let turn = 0; turn < 50 && engine.memory.live > 0; turn++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(engine.memory.live).toBe(0);
  });
});
