// Rules of loops and branches differentiate sub-graphs; who can do that stands above this storey and says so here.
import { InternalError } from "./errors.js";
import type { Value } from "./node.js";

/** The cotangents of `xs`, given those of `ys`; null where none flows. All values are of one builder. */
export type Differentiate = (
  ys: readonly Value[],
  xs: readonly Value[],
  cotangents: readonly (Value | null)[],
) => readonly (Value | null)[];

let known: Differentiate | null = null;

/** Says how sub-graphs are differentiated. */
export function differentiateBy(how: Differentiate): void {
  known = how;
}

/** Differentiates values of a sub-graph. */
export const differentiate: Differentiate = (ys, xs, cotangents) => {
  if (!known) throw new InternalError("differentiate: nobody has said how");
  return known(ys, xs, cotangents);
};
