// grad, vjp and jvp: first derivatives in either mode, as tensors that differentiate again.
import { isFloat } from "#ir/dtype.js";
import { GradientError } from "#ir/errors.js";
import type { Operand } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { printType, sameType } from "#ir/type.js";
import { gradient, type GradientOptions } from "#passes/gradient.js";
import { aliasesOf, dependsOn, freshLeaf } from "./independent.js";
import { Tensor } from "./tensor.js";
import { operandsOf, replaceTensors, tensorsIn, type TensorTree } from "./tensor-trees.js";

/** Tensors of the types of `X`. */
export type Gradients<X extends readonly Tensor[]> = {
  -readonly [I in keyof X]: Tensor<X[I]["shape"], X[I]["dtype"]>;
};

/**
 * The gradients of `y` with respect to each of `xs`, of the types of `xs`. `y` is a scalar, or `cotangent` has its type.
 * Throws a GradientError where no path leads from an x to y, or one leads through something not differentiable.
 */
export function grad<const X extends readonly Tensor[]>(y: Tensor, xs: X, cotangent?: Tensor): Gradients<X> {
  const found = atUserLine(() => gradientsOf([y], xs, cotangent && [cotangent], "error"));
  return found as unknown as Gradients<X>;
}

/** Gradients of all of `ys` together, in the owner where all tensors meet. */
function gradientsOf(
  ys: readonly Tensor[],
  xs: readonly Tensor[],
  cotangents: readonly Tensor[] | undefined,
  unconnected: GradientOptions["unconnected"],
): readonly Tensor[] {
  const others = [...xs, ...(cotangents ?? [])];
  if (!ys.some((y) => y.symbolic) && others.some((x) => x.symbolic)) {
    throw new GradientError("grad: y has been computed already and does not depend on symbolic tensors");
  }
  const all = atUserLine(() => operandsOf([...ys, ...others]), "grad");
  const sources = all.slice(ys.length, ys.length + xs.length);
  const given = cotangents ? { cotangents: all.slice(ys.length + xs.length) } : {};
  return gradient(all.slice(0, ys.length), sources, { ...given, unconnected }).map((x) => new Tensor(x));
}

/** What `vjp` gives. */
export interface Pulled<R, X extends readonly Tensor[]> {
  /** `f(...xs)`. */
  readonly value: R;
  /**
   * `Σ cᵢ · ∂yᵢ/∂x` for every x, given cotangents c of the types of the value's tensors, in the same lists and records; of a
   * scalar the cotangent is 1 where none is given.
   */
  readonly pullback: (cotangents?: TensorTree) => Gradients<X>;
}

/**
 * `f(...xs)` and the products of its Jacobian with vectors from the left. What `f` does not get as an argument counts as
 * constant, even where it was computed from `xs`; an x that no result depends on has the gradient zero.
 */
export function vjp<const X extends readonly Tensor[], R extends TensorTree>(
  f: (...xs: Gradients<X>) => R,
  xs: X,
): Pulled<R, X> {
  const sources = atUserLine(() => aliasesOf(xs, "vjp"), "vjp");
  const value = f(...(sources as unknown as Gradients<X>));
  const ys = atUserLine(() => tensorsIn(value, "f"), "vjp");
  const pullback = (cotangents?: TensorTree) =>
    atUserLine(() => {
      const given = cotangents && tensorsIn(cotangents, "the caller");
      if (given && given.length !== ys.length) {
        throw new GradientError(`vjp: ${given.length} cotangents, but the number of results is ${ys.length}`);
      }
      return gradientsOf(ys, sources, given, "zero") as unknown as Gradients<X>;
    });
  return { value, pullback };
}

/** What `jvp` gives. */
export interface Pushed<R> {
  /** `f(...xs)`. */
  readonly value: R;
  /** `Σ ∂y/∂xᵢ · tᵢ` for every tensor y of the value, of its type, in the same lists and records. */
  readonly tangent: R;
}

/**
 * `f(...xs)` and the product of its Jacobian with the vectors `tangents`, which have the types of `xs`, from the right.
 * The transpose of `vjp`: its gradient rules are linear in the cotangent, so differentiating by that gives the product; what
 * they compute for a cotangent that does not matter is dead code in a graph. Throws a GradientError where a custom gradient
 * is not linear.
 */
export function jvp<const X extends readonly Tensor[], R extends TensorTree>(
  f: (...xs: Gradients<X>) => R,
  xs: X,
  tangents: readonly Tensor[],
): Pushed<R> {
  const sources = atUserLine(() => (checkTangents(xs, tangents), aliasesOf(xs, "jvp")), "jvp");
  const value = f(...(sources as unknown as Gradients<X>));
  return atUserLine(() => {
    const ys = tensorsIn(value, "f");
    const found = pushForward(ys, sources, tangents);
    let next = 0;
    return { value, tangent: replaceTensors(value, "f", () => new Tensor(found[next++]!)) as R };
  });
}

function checkTangents(xs: readonly Tensor[], tangents: readonly Tensor[]): void {
  if (tangents.length !== xs.length)
    throw new GradientError(`${tangents.length} tangents, but the number of inputs is ${xs.length}`);
  xs.forEach((x, i) => {
    const [is, should] = [tangents[i]!.type, x.type];
    if (sameType(is, should)) return;
    throw new GradientError(`tangent ${i + 1} is ${printType(is)}, but input ${i + 1} is ${printType(should)}`);
  });
}

function pushForward(ys: readonly Tensor[], xs: readonly Tensor[], tangents: readonly Tensor[]): readonly Operand[] {
  const other = ys.find((y) => !isFloat(y.type.dtype));
  if (other) throw new GradientError(`jvp: f gives ${printType(other.type)}, and only floats have tangents`);
  const all = operandsOf([...ys, ...xs, ...tangents]);
  const [targets, sources] = [all.slice(0, ys.length), all.slice(ys.length, ys.length + xs.length)];
  const cotangents = targets.map(freshLeaf);
  const pulled = gradient(targets, sources, { cotangents, unconnected: "zero" });
  const options = { cotangents: all.slice(ys.length + xs.length), unconnected: "zero" } as const;
  const pushed = gradient(pulled, cotangents, options);
  if (dependsOn(pushed, cotangents)) {
    throw new GradientError("jvp: a custom gradient on the way is not linear in the cotangent");
  }
  return pushed;
}
