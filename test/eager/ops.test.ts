// Every sample of every op, eagerly, with its operands laid out in different ways: equal to the numbers of the sample.
import { describe, expect, it } from "vitest";
import { arrayOf, isFloat, type TypedArray } from "#ir/dtype.js";
import type { Attrs } from "#ir/node.js";
import type { AnyOp, Literal, Sample } from "#ir/op.js";
import { opTable } from "#ir/ops/table.js";
import { elementCount } from "#ir/size.js";
import { stridesOf } from "#ir/type.js";
import { EagerTensor } from "#src/eager/eager-tensor.js";
import type { EagerEngine } from "#src/eager/engine.js";
import { layoutOf } from "#src/eager/layout.js";
import { scope } from "#src/eager/scope.js";
import { onReference } from "./fake-device.js";

/** Ways to lie in memory: given the shape, the strides; null where it makes no difference. */
const layouts: Readonly<Record<string, (shape: readonly number[]) => readonly number[] | null>> = {
  "row-major": (shape) => stridesOf(shape),
  transposed: (shape) => (shape.length < 2 ? null : stridesOf([...shape].reverse()).toReversed()),
  "every third element": (shape) => (shape.length < 1 ? null : stridesOf(shape).map((stride) => 3 * stride)),
};

/** The literal with these strides, a few elements into its storage. */
function place(engine: EagerEngine, { dtype, shape, data }: Literal, strides: readonly number[]): EagerTensor {
  const layout = layoutOf(dtype, shape, strides);
  const offset = 5;
  const memory = arrayOf(dtype, new Array(layout.reach + offset).fill(0));
  let at = 0;
  const put = (axis: number, start: number): void => {
    if (axis === shape.length) memory[start] = arrayOf(dtype, [data[at++]!])[0]!;
    else for (let i = 0; i < shape[axis]!; i++) put(axis + 1, start + i * layout.strides[axis]!);
  };
  put(0, offset);
  const whole = engine.from(memory, [memory.length], dtype);
  return new EagerTensor(engine, layout, whole.storage!.retain(), offset);
}

function expectClose(op: AnyOp, actual: TypedArray, { dtype, data, shape }: Literal): void {
  expect(actual.length).toBe(elementCount(shape));
  const scale = Math.max(1, ...data.filter(Number.isFinite).map(Math.abs));
  const epsilon = isFloat(dtype) ? (op.tolerance ?? 4) * (dtype === "f32" ? 2 ** -23 : 2 ** -52) * scale : 0;
  data.forEach((value, i) => {
    const found = actual[i]!;
    const equal = Object.is(found, value) || Math.abs(found - value) <= epsilon;
    if (!equal) expect(`element ${i}: ${found}`).toBe(`element ${i}: ${value}`);
  });
}

export function testSamples(name: string, make: () => EagerEngine): void {
  describe(`eager samples on ${name}`, () => {
    for (const op of opTable.values()) {
      if (op.lower.kind === "leaf") continue;
      it(`${op.name} gives the numbers of its samples, in every layout of its operands`, () => {
        const engine = make();
        for (const sample of op.samples as readonly Sample<Attrs>[]) {
          for (const strides of Object.values(layouts)) {
            scope(() => {
              const chosen = sample.operands.map((x) => strides(x.shape) ?? stridesOf(x.shape));
              const operands = sample.operands.map((x, i) => place(engine, x, chosen[i]!));
              const results = engine.apply(op, operands, sample.attrs);
              results.forEach((result, i) => expectClose(op, result.data(), sample.results[i]!));
            });
          }
        }
      });
    }
  });
}

testSamples("the reference", () => onReference().engine);
