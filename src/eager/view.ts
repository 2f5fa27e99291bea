// Decides, from the record of an op alone, whether its result is its operand seen through other strides.
import type { Expr, Reducer } from "#ir/expr.js";
import { indexLocal } from "#ir/expr.js";
import type { Attrs } from "#ir/node.js";
import type { AnyOp, Reader } from "#ir/op.js";
import type { ConcreteType } from "#ir/type.js";
import { addScaled, affine, affineOf } from "./affine.js";
import { layoutOf, type Layout } from "./layout.js";

/** What an application needs no kernel for. */
export type Effortless =
  /** The elements of an operand: `offset` counts elements from the operand's first. */
  | { readonly kind: "view"; readonly operand: number; readonly layout: Layout; readonly offset: number }
  /** One number everywhere, known beforehand. */
  | { readonly kind: "literal"; readonly value: number; readonly layout: Layout };

/**
 * The view that `op` makes of operands with these layouts, or null where it must compute: its lowering is asked for the
 * element at symbolic indices; a view is a single read whose offset is affine in the indices.
 */
export function effortless(
  op: AnyOp,
  operands: readonly Layout[],
  attrs: Attrs,
  results: readonly ConcreteType[],
): Effortless | null {
  if (op.lower.kind !== "compute" || results.length !== 1) return null;
  const { dtype, shape } = results[0]!;
  const index = shape.map((extent, axis) => indexLocal(`i${axis}`, extent));
  const element: Expr = op.lower.at(index, symbolicReader(operands, attrs, results), 0);
  if (element.kind === "literal" && operands.length === 0) {
    return {
      kind: "literal",
      value: element.value,
      layout: layoutOf(
        dtype,
        shape,
        shape.map(() => 0),
      ),
    };
  }
  if (element.kind !== "read" || element.dtype !== dtype) return null;
  const source = operands[element.operand]!;
  let offset = affine(0);
  for (const [axis, position] of element.index.entries()) {
    const form = affineOf(position);
    if (!form) return null;
    if (source.type.shape[axis] !== 1) offset = addScaled(offset, form, source.strides[axis]!);
  }
  if ([...offset.terms.values()].some((term) => term.atom.kind !== "variable")) return null;
  const strides = index.map(({ name }) => offset.terms.get(name)?.times ?? 0);
  // Kernels count offsets from the first element upwards.
  if (strides.some((stride) => stride < 0)) return null;
  return { kind: "view", operand: element.operand, layout: layoutOf(dtype, shape, strides), offset: offset.plus };
}

function symbolicReader(operands: readonly Layout[], attrs: Attrs, results: readonly ConcreteType[]): Reader<Attrs> {
  let reductions = 0;
  return {
    attrs,
    operands: operands.map((layout) => layout.type),
    results,
    read: (operand, index) => ({ kind: "read", dtype: operands[operand]!.type.dtype, operand, index }),
    reduce: (fn: Reducer, extent, body) => {
      const over = indexLocal(`r${reductions++}`, extent);
      const element = body(over);
      return { kind: "reduce", dtype: element.dtype, fn, over, body: element };
    },
  };
}
