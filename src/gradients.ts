// grad: gradients in either mode, as tensors that differentiate again.
import { GradientError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { gradient } from "#passes/gradient.js";
import { eagerGradient, type EagerTensor } from "./eager/eager.js";
import { valueIn } from "./graph.js";
import { Tensor } from "./tensor.js";

/** Tensors of the types of `X`. */
export type Gradients<X extends readonly Tensor[]> = {
  -readonly [I in keyof X]: Tensor<X[I]["shape"], X[I]["dtype"]>;
};

/**
 * The gradients of `y` with respect to each of `xs`, of the types of `xs`. `y` is a scalar, or `cotangent` has its type.
 * Throws a GradientError where no path leads from an x to y, or one leads through something not differentiable.
 */
export function grad<const X extends readonly Tensor[]>(y: Tensor, xs: X, cotangent?: Tensor): Gradients<X> {
  const handles = atUserLine(() => (y.symbolic ? symbolic(y, xs, cotangent) : eager(y, xs, cotangent)));
  return handles.map((handle) => new Tensor(handle)) as unknown as Gradients<X>;
}

function symbolic(y: Tensor, xs: readonly Tensor[], cotangent: Tensor | undefined) {
  const { owner } = y.handle;
  const inGraph = (x: Tensor) => atUserLine(() => valueIn(owner, x), "grad");
  return gradient([y.handle], xs.map(inGraph), cotangent ? { cotangents: [inGraph(cotangent)] } : {});
}

function eager(y: Tensor, xs: readonly Tensor[], cotangent: Tensor | undefined) {
  if ([...xs, ...(cotangent ? [cotangent] : [])].some((x) => x.symbolic)) {
    throw new GradientError("grad: y has been computed already and does not depend on symbolic tensors");
  }
  const seed = cotangent ? { cotangent: cotangent.handle as EagerTensor } : {};
  return eagerGradient(
    y.handle as EagerTensor,
    xs.map((x) => x.handle as EagerTensor),
    seed,
  );
}
