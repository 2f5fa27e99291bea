// Nodes and values of the Graph IR: immutable, typed, interned per builder.
import type { TypedArray } from "./dtype.js";
import type { GraphError } from "./errors.js";
import type { Graph } from "./graph.js";
import type { AnyOp } from "./op.js";
import type { SizeExpr } from "./size.js";
import type { ConcreteType, TensorType } from "./type.js";

/** State that lives on a device between runs; belongs to a model, not to a graph. Compared by identity. */
export interface Parameter {
  readonly kind: "parameter";
  /** Unique in the process. */
  readonly id: number;
  readonly name: string;
  readonly type: ConcreteType;
  /** The value it starts with, `type`'s element count long; made on demand. */
  readonly initial: () => TypedArray;
}

/** What attributes may be: things that can be interned, printed, parsed and specialised. */
export type Attr =
  | string
  | number
  | boolean
  | null
  | undefined
  | SizeExpr
  /** The sub-graph of a loop or a branch: closed, so that what it uses besides its inputs are operands. */
  | Graph
  | Parameter
  | TypedArray
  | readonly Attr[]
  | { readonly [key: string]: Attr };
export type Attrs = { readonly [key: string]: Attr };

/** What ops apply to: a value of a graph, or an eager tensor. Whoever owns it knows how to apply an op to it. */
export interface Operand {
  readonly owner: Applier;
  readonly type: TensorType;
  /** Makes it an operand of a graph: an eager tensor becomes a constant, a parameter a `parameter` node. */
  readonly liftInto?: (graph: Applier) => Operand;
  /** Where it came from, for errors: the name of an input or parameter, else the name scope; empty where there is none. */
  readonly from?: string;
}

/** The one interception point of both modes: a builder grows a graph, the eager engine computes at once. */
export interface Applier {
  /** Graph operands and eager ones meet in a graph. */
  readonly mode: "graph" | "eager";
  /** What errors call it: the name of a graph. */
  readonly name?: string;
  /** Results of `op`. Throws ShapeError, DTypeError or GraphError, placed at the user's line. */
  apply(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly Operand[];
  /** Of an owner that maps ops over a batch: who gets the ops that do so. */
  readonly outer?: Applier;
  /** Of such an owner: an operand of `outer` as its own, the same for every element of the batch. */
  lift?(x: Operand): Operand;
  /** Of an owner whose operands live inside something: the error for one that is used outside. */
  left?(): GraphError;
  /** What is applied to its operands while `build` runs is applied by `inner`: a branch that is being traced. */
  redirect?<T>(inner: Applier | null, build: () => T): T;
  /** What the next random op draws from; absent, or throwing a GraphError, where there is no source of random numbers. */
  draw?(): Draw;
}

/** What a random op needs beside its own operands: i32 scalars. Two draws of one owner differ in their keys. */
export interface Draw {
  /** The number of the run. */
  readonly counter: Operand;
  readonly key0: Operand;
  readonly key1: Operand;
}

/** One result of a node of a graph; there is one Value object per result, so values compare by identity. */
export interface Value extends Operand {
  readonly node: Node;
  readonly index: number;
}

/** An immutable, interned application of an op: equal nodes of a builder are one object. */
export interface Node {
  /** Unique in its builder, and greater than its operands' ids. */
  readonly id: number;
  readonly op: AnyOp;
  readonly operands: readonly Value[];
  readonly attrs: Attrs;
  /** One value per result. */
  readonly results: readonly Value[];
}
