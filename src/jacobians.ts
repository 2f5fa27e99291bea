// jacobian and hessian of small functions: one batched program gives all rows at once.
import { BatchingOwner } from "#ir/batching.js";
import { isFloat } from "#ir/dtype.js";
import { GradientError, ShapeError } from "#ir/errors.js";
import type { Operand } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { equal } from "#ir/ops/comparison.js";
import { iota } from "#ir/ops/leaves.js";
import { reshape } from "#ir/ops/movement.js";
import { cast } from "#ir/ops/selection.js";
import { elementCount, mulSizes } from "#ir/size.js";
import { printType } from "#ir/type.js";
import { gradient, type GradientOptions } from "#passes/gradient.js";
import { aliasesOf } from "./independent.js";
import { Tensor } from "./tensor.js";
import { operandsOf } from "./tensor-trees.js";

/** The most elements that a Jacobian may have. */
const limit = 2 ** 24;

/** Tensors in the places of `X`: one, or a list. */
type Like<X extends Tensor | readonly Tensor[]> = X extends readonly Tensor[]
  ? { -readonly [I in keyof X]: Tensor }
  : Tensor;
/** Functions get tensors of the dtypes of `X`, whose shapes TypeScript need not know. */
type Arguments<X extends Tensor | readonly Tensor[]> = X extends readonly Tensor[] ? Like<X> : [X];

/**
 * All derivatives of `y` by `x`, of shape `[...y, ...x]`, or by each of a list. `y` is a tensor computed from `x`, or a
 * function of it; a function that does not depend on `x` has zeros. Throws a ShapeError where it would have more than 2²⁴
 * elements, and GradientErrors as `grad` does.
 */
export function jacobian<const X extends Tensor | readonly Tensor[]>(
  y: Tensor | ((...xs: Arguments<X>) => Tensor),
  x: X,
): Like<X> {
  const { target, sources, unconnected } = applied("jacobian", y, x);
  return inPlaceOf(
    x,
    atUserLine(() => rows("jacobian", target, sources, unconnected)),
  );
}

/** Rows and columns in the places of `X`. */
type Blocks<X extends Tensor | readonly Tensor[]> = X extends readonly Tensor[] ? readonly Tensor[][] : Tensor;

/**
 * All second derivatives of the scalar `y`, of shape `[...x, ...x]`; for a list of xs a list of rows of blocks, `[i][j]` of
 * shape `[...xᵢ, ...xⱼ]`. Errors as for `jacobian`, and a GradientError where y is not a scalar.
 */
export function hessian<const X extends Tensor | readonly Tensor[]>(
  y: Tensor | ((...xs: Arguments<X>) => Tensor),
  x: X,
): Blocks<X> {
  const { target, sources, unconnected } = applied("hessian", y, x);
  const blocks = atUserLine(() => {
    if (target.type.shape.length > 0) throw new GradientError(`hessian: y is ${printType(target.type)}, not a scalar`);
    const slopes = gradient([target], sources, { unconnected });
    return slopes.map((slope) => rows("hessian", slope, sources, "zero"));
  });
  return (x instanceof Tensor ? blocks[0]![0] : blocks) as Blocks<X>;
}

/** The tensors of the one or the other way to call, with one owner. */
function applied(who: string, y: unknown, x: Tensor | readonly Tensor[]) {
  atUserLine(() => {
    if (x instanceof Tensor || Array.isArray(x)) return;
    throw new GradientError(`${who}: x is ${String(x)}, not a tensor or a list of tensors`);
  });
  const xs = x instanceof Tensor ? [x] : x;
  const isFunction = typeof y === "function";
  const given = isFunction ? atUserLine(() => aliasesOf(xs, who)) : xs;
  const target: unknown = isFunction ? (y as (...xs: readonly Tensor[]) => unknown)(...given) : y;
  const [first, ...sources] = atUserLine(() => {
    if (target instanceof Tensor) return operandsOf([target, ...given]);
    throw new GradientError(`${who}: y is ${String(target)}, not a tensor`);
  });
  const unconnected: GradientOptions["unconnected"] = isFunction ? "zero" : "error";
  return { target: first!, sources, unconnected };
}

function inPlaceOf<X extends Tensor | readonly Tensor[]>(x: X, found: readonly Tensor[]): Like<X> {
  return (x instanceof Tensor ? found[0] : found) as Like<X>;
}

/** One gradient for every element of `y`, each with the cotangent 1 there and 0 elsewhere, as a batch of that size. */
function rows(
  who: string,
  y: Operand,
  xs: readonly Operand[],
  unconnected: GradientOptions["unconnected"],
): readonly Tensor[] {
  if (!isFloat(y.type.dtype)) {
    throw new GradientError(`${who}: y is ${printType(y.type)}, and only floats have gradients`);
  }
  const { shape, dtype } = y.type;
  const n = elementCount(shape);
  for (const x of xs) checkCount(who, y, x);
  const [row, column] = [0, 1].map((axis) => iota(y, [n, n], axis, "i32"));
  const units = reshape(cast(equal(row!, column!), dtype), [n, ...shape]);
  const owner = new BatchingOwner(y.owner, n);
  const found = gradient([y], xs, { cotangents: [owner.map(units)], unconnected });
  return found.map((x, i) => new Tensor(reshape(owner.collect(x), [...shape, ...xs[i]!.type.shape])));
}

function checkCount(who: string, y: Operand, x: Operand): void {
  const count = mulSizes(elementCount(y.type.shape), elementCount(x.type.shape));
  if (typeof count !== "number" || count <= limit) return;
  const what = `${who}: ${printType(y.type)} by ${printType(x.type)} has ${count} derivatives, more than ${limit}`;
  throw new ShapeError(what, { help: "vjp and jvp give its products with vectors" });
}
