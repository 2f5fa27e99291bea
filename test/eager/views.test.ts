// Views launch nothing: what an op's record says about its index map decides, not its name.
import { describe, expect, it } from "vitest";
import type { Operand } from "#ir/node.js";
import { constant, iota } from "#ir/ops/leaves.js";
import { broadcast, reshape, transpose } from "#ir/ops/movement.js";
import { reverse, slice } from "#ir/ops/slicing.js";
import type { EagerTensor } from "#src/eager/eager-tensor.js";
import type { EagerEngine } from "#src/eager/engine.js";
import { scope } from "#src/eager/scope.js";
import { generator, integer, seed } from "../random.js";
import { viewsOnly } from "./fake-device.js";

const counting = (engine: EagerEngine, ...shape: number[]) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return engine.from(Float32Array.from({ length: count }, (_, i) => i), shape, "f32"); // prettier-ignore
};
const numbers = (x: Operand) => [...(x as EagerTensor).data()];

describe("views without kernels", () => {
  const { engine } = viewsOnly();
  const x = counting(engine, 2, 3);

  it("transpose exchanges strides: [[0,1,2],[3,4,5]] becomes [[0,3],[1,4],[2,5]]", () => {
    expect(numbers(transpose(x, [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it("slice moves the first element and multiplies strides", () => {
    expect(numbers(slice(counting(engine, 10), [1], [3], [3]))).toEqual([1, 4, 7]);
    expect(numbers(slice(x, [1, 0], [1, 2]))).toEqual([3, 4]);
  });

  it("reverse needs a kernel, except along an axis of size 1", () => {
    expect(() => reverse(x, [1])).toThrow("reverse needs a kernel");
    expect(numbers(reverse(counting(engine, 3, 1), [1]))).toEqual([0, 1, 2]);
  });

  it("broadcast has strides 0", () => {
    const row = broadcast(counting(engine, 3), [2, 3]) as EagerTensor;
    expect(row.layout.strides).toEqual([0, 1]);
    expect(numbers(row)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("reshape of a contiguous tensor is a view, whatever the shapes: 2·3·4 to 4·6, 24, 1·2·12, 3·2·2·2", () => {
    const y = counting(engine, 2, 3, 4);
    for (const shape of [[4, 6], [24], [1, 2, 12], [3, 2, 2, 2], [2, 1, 3, 1, 4], [8, 3]]) {
      const seen = reshape(y, shape) as EagerTensor;
      expect(seen.layout.contiguous).toBe(true);
      expect(numbers(seen)).toEqual(numbers(y));
    }
  });

  it("reshape of a strided tensor is a view where its strides allow: joined outer axes of a column slice", () => {
    const columns = slice(counting(engine, 2, 3, 4), [0, 0, 1], [2, 3, 2]);
    expect(numbers(reshape(columns, [6, 2]))).toEqual([1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22]);
  });

  it("reshape of a transposed tensor splits an axis without a kernel, but joining the axes needs one", () => {
    const turned = transpose(counting(engine, 4, 3), [1, 0]);
    expect(numbers(reshape(turned, [3, 2, 2]))).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    expect(() => reshape(turned, [12])).toThrow("reshape needs a kernel");
  });

  it("reshape to and from a scalar, and of an empty tensor, are views", () => {
    expect(numbers(reshape(counting(engine, 1, 1), []))).toEqual([0]);
    expect(numbers(reshape(counting(engine, 0, 3), [3, 0]))).toEqual([]);
  });

  it("a scalar constant is stored once per dtype and value, -0 apart from 0", () => {
    const address = (of: Operand) => (of as EagerTensor).address;
    expect(address(constant(x, 2.5))).toBe(address(constant(x, 2.5)));
    expect(address(constant(x, 2.5))).not.toBe(address(constant(x, 2.5, "f64")));
    expect(Object.is(numbers(constant(x, -0))[0], -0)).toBe(true);
    expect(Object.is(numbers(constant(x, 0))[0], 0)).toBe(true);
  });

  it("no more than 1024 constants are kept ready, and those in use stay", () => {
    const own = viewsOnly();
    const like = counting(own.engine, 1);
    scope(() => {
      const first = constant(like, 0);
      for (let i = 1; i < 5000; i++) constant(like, i);
      expect(numbers(first)).toEqual([0]);
    });
    expect(own.engine.memory.live).toBeLessThanOrEqual(4 + 1024 * 4);
  });

  it("an op that computes is not mistaken for a view", () => {
    expect(() => iota(x, [3], 0, "f32")).toThrow("iota needs a kernel");
  });

  it("views and their sources may be disposed of in any order", () => {
    const source = counting(engine, 2, 2);
    const seen = transpose(source, [1, 0]) as EagerTensor;
    source.dispose();
    expect(numbers(seen)).toEqual([0, 2, 1, 3]);
    const held = engine.memory.live;
    seen.dispose();
    expect(held - engine.memory.live).toBe(16);
  });
});

describe("random chains of views", () => {
  it(`equal the same moves done element by element (seed ${seed})`, () => {
    const next = generator(seed);
    const random = (below: number) => integer(next, 0, below - 1);
    for (let turn = 0; turn < 200; turn++) {
      const { engine } = viewsOnly();
      const shape = Array.from({ length: 1 + random(3) }, () => 1 + random(4));
      let seen: Operand = counting(engine, ...shape);
      let truth: Plain = { shape, at: (index) => place(shape, index) };
      for (let step = 0; step < 5; step++) [seen, truth] = randomMove(seen, truth, random);
      expect(numbers(seen)).toEqual(listed(truth));
    }
  });
});

/** A tensor as a function of the index: the slow truth of movement. */
interface Plain {
  readonly shape: readonly number[];
  readonly at: (index: readonly number[]) => number;
}

function place(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
}

function listed({ shape, at }: Plain): number[] {
  let all: number[][] = [[]];
  for (const size of shape) all = all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i]));
  return all.map(at);
}

function randomMove(seen: Operand, truth: Plain, random: (below: number) => number): [Operand, Plain] {
  const { shape, at } = truth;
  const rank = shape.length;
  switch (random(4)) {
    case 0: {
      const turn = random(rank);
      const perm = shape.map((_, axis) => (axis + turn) % rank);
      const back = (index: readonly number[]) =>
        perm.reduce<number[]>((old, from, to) => ((old[from] = index[to]!), old), []);
      return [transpose(seen, perm), { shape: perm.map((axis) => shape[axis]!), at: (index) => at(back(index)) }];
    }
    case 1: {
      const starts = shape.map((size) => random(size));
      const steps = shape.map(() => 1 + random(2));
      const sizes = shape.map((size, a) => 1 + Math.floor((size - 1 - starts[a]!) / steps[a]!));
      const into = (index: readonly number[]) => index.map((i, a) => starts[a]! + i * steps[a]!);
      return [slice(seen, starts, sizes, steps), { shape: sizes, at: (index) => at(into(index)) }];
    }
    case 2:
      return [broadcast(seen, [2, ...shape]), { shape: [2, ...shape], at: (index) => at(index.slice(1)) }];
    default: {
      const split = shape.flatMap((size) => (size % 2 === 0 ? [size / 2, 2] : [size]));
      const into = (index: readonly number[]) => {
        const left = [...index];
        return shape.map((size) => (size % 2 === 0 ? left.shift()! * 2 + left.shift()! : left.shift()!));
      };
      return [reshape(seen, split), { shape: split, at: (index) => at(into(index)) }];
    }
  }
}
