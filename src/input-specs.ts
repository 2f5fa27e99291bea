// How inputs are declared away from a graph: for `compile(fn, specs)` and for models of the command line.
import type { DType } from "#ir/dtype.js";
import type { Graph } from "./graph.js";
import type { Mutable, Shape } from "./shapes.js";
import type { Tensor } from "./tensor.js";

/** A shape, of f32, or a shape with a dtype. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype: DType };
/** Inputs by name. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** The tensors that stand for declared inputs. */
export type InputTensors<I extends InputSpecs> = {
  readonly [K in keyof I]: I[K] extends { readonly shape: infer S extends Shape; readonly dtype: infer D extends DType }
    ? Tensor<Mutable<S>, D>
    : I[K] extends infer S extends Shape
      ? Tensor<Mutable<S>, "f32">
      : never;
};

/** The shape and dtype of a spec. */
export function typeOfSpec(spec: InputSpec): { readonly shape: Shape; readonly dtype: DType } {
  return "shape" in spec ? spec : { shape: spec, dtype: "f32" };
}

/** Declares all inputs in a graph. */
export function declareInputs<const I extends InputSpecs>(graph: Graph, specs: I): InputTensors<I> {
  const entries = Object.entries<InputSpec>(specs).map(([name, spec]) => {
    const { shape, dtype } = typeOfSpec(spec);
    return [name, graph.input(name, shape, dtype)];
  });
  return Object.fromEntries(entries) as unknown as InputTensors<I>;
}
