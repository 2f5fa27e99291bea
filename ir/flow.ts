// Control flow as ops say it: what a loop or a branch does with its sub-graphs.
import type { Graph } from "./graph.js";
import type { Size } from "./size.js";

/**
 * What a control op does with its sub-graphs. Operands come in this order: the number of turns where the loop is `counted`,
 * `captures`, the first values of `states`, sequences; a turn's inputs are the captures, the states and an element of every
 * sequence. Results: the last states, then for everything else that the body gives the elements of all turns.
 */
export interface LoopFlow {
  readonly kind: "loop";
  readonly body: Graph;
  /** Of the captures and states, a bool: whether there is another turn. Null: there are `turns`. */
  readonly test: Graph | null;
  /** How many turns there are, or where they are counted or tested, the most: a test that still holds then stops the run. */
  readonly turns: Size;
  readonly counted: boolean;
  readonly captures: number;
  readonly states: number;
  /** Whether sequences are read and written from their ends. */
  readonly reverse: boolean;
}
/** Operands: a bool, then the inputs of both sub-graphs, one of which gives the results. */
export interface BranchFlow {
  readonly kind: "branch";
  readonly then: Graph;
  readonly otherwise: Graph;
}
export type Flow = LoopFlow | BranchFlow;

/** The attributes of a loop; `recompute`: gradients keep nothing of a turn but the states before it, and run the body again. */
export type LoopAttrs = {
  turns: Size;
  captures: number;
  states: number;
  counted?: boolean;
  reverse?: boolean;
  recompute?: boolean;
  test?: Graph;
  body: Graph;
};

/** Both take all operands behind the predicate. */
export type BranchAttrs = { then: Graph; otherwise: Graph };
