// What reductions share: the shape that is left, the nest of loops, and the way back over the reduced axes.
import { applyCall } from "./define-op.js";
import type { DType } from "./dtype.js";
import { ShapeError } from "./errors.js";
import type { Expr, Reducer } from "./expr.js";
import { normalizeAxes } from "./forms.js";
import type { Node, Operand, Value } from "./node.js";
import type { Lowering, Rule } from "./op.js";
import { broadcast, reshape } from "./ops/movement.js";
import { printShape, sameShape, type Size } from "./size.js";
import { type TensorType, tensorType } from "./type.js";

/** `axes` ascending and counted from the front; a reduced axis stays with size 1 where `keepDims` says so. */
export type ReductionAttrs = { axes: readonly number[]; keepDims: boolean };

/** The type that is left of `x`. Throws ShapeError for axes out of range or out of order. */
export function reducedType(x: TensorType, { axes, keepDims }: ReductionAttrs, dtype: DType = x.dtype): TensorType {
  const sorted = normalizeAxes(axes, x);
  if (sorted.some((axis, i) => axis !== axes[i])) throw new ShapeError(`the axes [${axes.join()}] do not ascend`);
  const left = x.shape.map((size, axis) => (axes.includes(axis) ? (keepDims ? 1 : null) : size));
  return tensorType(
    dtype,
    left.filter((size) => size !== null),
  );
}

/** Throws ShapeError where an axis to reduce is known to be empty, for reductions of which nothing has no value. */
export function expectElements(x: TensorType, axes: readonly number[]): void {
  const empty = axes.find((axis) => x.shape[axis] === 0);
  if (empty === undefined) return;
  throw new ShapeError(
    `axis ${empty} of ${printShape(x.shape)} is empty, and nothing has no largest or smallest element`,
  );
}

/** A reduction by `fn` (of the dtype) as nested loops, the first axis outermost. */
export function reducing(fn: (dtype: DType) => Reducer): Lowering<ReductionAttrs> {
  return {
    kind: "compute",
    at(index, k) {
      const { axes, keepDims } = k.attrs;
      const { shape, dtype } = k.operands[0]!;
      const place: Expr[] = [];
      let next = 0;
      shape.forEach((_, axis) => {
        const reduced = axes.includes(axis);
        if (!reduced) place[axis] = index[next]!;
        if (!reduced || keepDims) next++;
      });
      const over = (depth: number): Expr => {
        const axis = axes[depth];
        if (axis === undefined) return k.read(0, place);
        return k.reduce(fn(dtype), shape[axis]!, (i) => {
          place[axis] = i;
          return over(depth + 1);
        });
      };
      return over(0);
    },
  };
}

/** A reduced tensor (a result or its cotangent) repeated over the reduced axes of `x`. */
export function spread(reduced: Operand, x: Operand, { axes, keepDims }: ReductionAttrs): Operand {
  const { shape } = x.type;
  if (sameShape(reduced.type.shape, shape)) return reduced;
  const all = shape.map((_, axis) => axis);
  return broadcast(reduced, shape, keepDims ? all : all.filter((axis) => !axes.includes(axis)));
}

/** The axes of `x` that a reduction keeps, and their sizes. */
export function keptAxes(x: TensorType, axes: readonly number[]): { kept: readonly number[]; sizes: readonly Size[] } {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return { kept, sizes: kept.map((axis) => x.shape[axis]!) };
}

/** For a reduction of which one element is that element: `x` itself, reshaped, where all reduced axes have size 1. */
function ofSingleElements(node: Node, x: Value): Operand | null {
  const { axes } = node.attrs as ReductionAttrs;
  if (axes.some((axis) => x.type.shape[axis] !== 1)) return null;
  return axes.length === 0 ? x : reshape(x, node.results[0]!.type.shape);
}

/** Of one element the reduction is that element. */
export function singleRule(name: string): Rule {
  return { name: `${name} over axes of size 1 → reshape`, apply: (node, [x]) => ofSingleElements(node, x!) };
}

/** Two reductions of one kind are one over the axes of both. */
export function nestedRule(name: string): Rule {
  return { name: `${name} (${name} x) → ${name} x`, apply: (node, [x]) => merged(node, x!) };
}

function merged(node: Node, x: Value): Operand | null {
  const [outer, inner] = [node.attrs as ReductionAttrs, x.node.attrs as ReductionAttrs];
  if (x.node.op !== node.op || outer.keepDims !== inner.keepDims) return null;
  const source = x.node.operands[0]!;
  const { kept } = keptAxes(source.type, inner.axes);
  const axes = inner.keepDims ? outer.axes : outer.axes.map((axis) => kept[axis]!);
  const both = [...new Set([...inner.axes, ...axes])];
  return applyCall(node.op, [source, both, { keepDims: outer.keepDims }])[0]!;
}
