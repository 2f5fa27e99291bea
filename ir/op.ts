// What an op is: one record that says everything about it, and a function that applies it.
import type { Expr, Reducer } from "./expr.js";
import type { Flow } from "./flow.js";
import type { FormArgs, Form } from "./forms.js";
import type { DType } from "./dtype.js";
import type { Stmt } from "./kernel.js";
import type { Applier, Attrs, Node, Operand, Value } from "./node.js";
import type { Size } from "./size.js";
import type { ConcreteType, TensorType } from "./type.js";

/** An op: call it on graph values or eager tensors, or read its record. */
export interface Op<
  F extends Form = Form,
  A extends Attrs = Attrs,
  Args extends readonly unknown[] = FormArgs[F],
  R = Operand,
> extends OpRecord<F, A, Args> {
  /** Applies the op and gives its result, or all of them where it has `many`. Errors are placed: op, operands, the caller's line. */
  (...args: Args): R;
  /** The name under which it stands in the table. */
  readonly name: string;
}
// The table holds ops of every attribute type; `any` is what lets one list hold them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyOp = Op<any, any, any, any>;

/** What an op with `many` gives: its results in order. */
export type Results = readonly Operand[];

export interface OpRecord<F extends Form, A extends Attrs, Args extends readonly unknown[]> {
  /** One sentence and a formula; `docs/ops.md` is generated from it. */
  readonly doc: string;
  /** Names of the operands, for errors and printers; a last name ending in `…` takes any number. */
  readonly operands: readonly string[];
  /** How users call it: decides how arguments become operands and attributes, and the types of the public function. */
  readonly form: F;
  /** For form "own": turns the caller's arguments into operands and attributes. */
  readonly call?: (...args: Args) => Call<A>;
  /** The types of the results. Throws ShapeError or DTypeError, whose notes go with the operands. */
  readonly infer: (operands: readonly TensorType[], attrs: A) => readonly TensorType[];
  /** Whether a call gives a list of all results, not the only one. Such ops are composed of others, or are control. */
  readonly many?: true;
  readonly lower: Lowering<A>;
  /** Cotangents of the operands (null: none flows), as graph values, so that they differentiate again. */
  readonly vjp?: (at: Pullback<A>) => readonly (Operand | null)[];
  /** Whether its gradient rule is code of the user's, to be asked for each application and not once for all alike. */
  readonly asksUser?: (attrs: A) => boolean;
  /**
   * The op for every element of a batch, where ops say it more simply than `mapped` does: `results[b] = op(operands[b])`.
   * Null where they do not.
   */
  readonly batch?: (at: Batch<A>) => readonly Operand[] | null;
  /** Rewrite rules rooted at this op, each named by its equation. */
  readonly simplify?: readonly Rule[];
  readonly onnx?: { readonly type: string; readonly attrs?: Readonly<Record<string, string>> };
  /** Calls that must work, with numbers from outside. */
  readonly samples: readonly Sample<A>[];
  /** Calls that must fail, with the first line of the message. */
  readonly rejects?: readonly Reject<A>[];
  /** |result − truth| ≤ k·ε·S in tests, S the same sum over magnitudes; 4 where nothing is said. */
  readonly tolerance?: number;
}

/** A call in the op's own terms. */
export interface Call<A extends Attrs = Attrs> {
  readonly operands: readonly Operand[];
  readonly attrs: A;
  /** Who applies it, where no operand can tell. */
  readonly owner?: Applier;
}

/** What a gradient rule gets. `cotangents` has one entry per result, null where none flows. */
export interface Pullback<A extends Attrs> {
  /** The cotangent of the only result. */
  readonly g: Operand;
  readonly cotangents: readonly (Operand | null)[];
  readonly results: readonly Operand[];
  readonly operands: readonly Operand[];
  readonly attrs: A;
  /** Whose cotangents are asked for, all where nothing is said; those of the others may be null. */
  readonly wanted?: readonly boolean[];
}

/** What a batch rule gets. Mapped operands have the axis of the batch in front, the others are the same for all elements. */
export interface Batch<A extends Attrs> {
  readonly operands: readonly Operand[];
  readonly mapped: readonly boolean[];
  readonly attrs: A;
  /** The number of elements in the batch. */
  readonly size: Size;
  /** The operands with the axis of the batch in front of all of them. */
  readonly repeated: () => readonly Operand[];
}

export type Index = readonly Expr[];

/** How an op is computed. */
export type Lowering<A extends Attrs> =
  /** Input, parameter, constant: the planner gives it a place. */
  | { readonly kind: "leaf" }
  /** Loops and branches: sub-graphs in the attributes. */
  | { readonly kind: "control"; readonly flow: (attrs: A) => Flow }
  /** Sugar: written with other ops, applied to the same operands. Must yield `infer`'s types. */
  | { readonly kind: "compose"; readonly expand: (operands: readonly Operand[], attrs: A) => readonly Operand[] }
  /** The element of a result at an index. */
  | { readonly kind: "compute"; readonly at: (index: Index, k: Reader<A>, result: number) => Expr }
  /** Where each source element goes and what is put there, over an initial value; duplicates in source order. */
  | {
      readonly kind: "scatter";
      /** Extents of the source elements. */
      readonly over: (k: Reader<A>) => readonly number[];
      readonly combine: "add" | "set";
      readonly init: (index: Index, k: Reader<A>) => Expr;
      readonly put: (source: Index, k: Reader<A>) => { readonly index: Index; readonly value: Expr };
    }
  /** What neither can say (sorting, scans, factorisations): statements for every row of a parallel space. */
  | {
      readonly kind: "routine";
      /** Extents of the rows. No row reads or writes what another writes. */
      readonly over: (k: OperandReader<A>) => readonly number[];
      readonly body: (row: Index, k: RoutineReader<A>) => readonly Stmt[];
      /** Whether each element of the result is stored once and not read back: elementwise work on it may be done there. */
      readonly once?: true;
      /** What a row stores where it has nothing to do, which `test` says: then that work may come to nothing too. */
      readonly idle?: (
        row: Index,
        k: OperandReader<A>,
      ) => { readonly test: Expr; readonly value: (index: Index) => Expr };
    };

/** What every lowering sees of its operands. */
export interface OperandReader<A extends Attrs> {
  readonly attrs: A;
  readonly operands: readonly ConcreteType[];
  readonly results: readonly ConcreteType[];
  /** The element of an operand at an index. */
  read(operand: number, index: Index): Expr;
}

/** What a `compute` or a `scatter` sees. */
export interface Reader<A extends Attrs> extends OperandReader<A> {
  /**
   * `fn` over `0 ≤ i < extent` of `body(i)`: outermost in an expression, or nested in another of the same `fn`. An empty sum
   * is 0, product 1, any false, all true.
   */
  reduce(fn: Reducer, extent: number, body: (i: Expr) => Expr): Expr;
}

/**
 * What a routine sees: it also writes its one result, and reads back what its row has written. Its statements are made
 * with `statements.ts`; they hold neither `reduce` nor `bounded`: loops accumulate, and `check` checks.
 */
export interface RoutineReader<A extends Attrs> extends OperandReader<A> {
  /** Stores an element of the result. Every element is stored, by one row. */
  store(index: Index, value: Expr): Stmt;
  /** An element of the result that this row has stored. */
  stored(index: Index): Expr;
  /** A name for a local or a loop variable that no other has. */
  fresh(stem: string): string;
  /** Memory of this row, as the statement that declares it and the name under which it is loaded and stored. */
  scratch(dtype: DType, length: number): { readonly declare: Stmt; readonly name: string };
  /** Stops the run with a RunError unless `test` holds: `name: message`, with the i32 `value` in the place of `{value}`. */
  check(test: Expr, value: Expr, message: string): Stmt;
}

/** A rewrite. */
export interface Rule {
  /** The rule as one reads it: `x · 1 → x`. */
  readonly name: string;
  /** The replacement of the node's only result, built with ops on its operands; null where the rule does not apply. */
  readonly apply: (node: Node, operands: readonly Value[]) => Operand | null;
}

/** A tensor written out, for samples. */
export interface Literal {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Sample<A> {
  readonly operands: readonly Literal[];
  readonly attrs: A;
  readonly results: readonly Literal[];
  /** Where the expected numbers come from: "by hand", another library. */
  readonly from: string;
  /** False where the numbers lie at a kink, a jump or an infinity: no central differences there. */
  readonly smooth?: boolean;
}

export interface Reject<A> {
  readonly operands: readonly TensorType[];
  readonly attrs: A;
  /** The error's class and first line: `ShapeError: matmul: lhs has …`. */
  readonly message: string;
}

/** A literal tensor for samples: `t("f32", [2], [1, 2])`. */
export function t(dtype: DType, shape: readonly number[], data: readonly number[]): Literal {
  return { dtype, shape, data };
}

/** A sample whose one result was worked out by hand. */
export function byHand<A>(operands: readonly Literal[], attrs: A, result: Literal): Sample<A> {
  return { operands, attrs, results: [result], from: "by hand" };
}
