// Shapes as types: broadcasting, reductions, matrix products and concatenation on tuples of sizes, and the refusals that
// an editor shows. A size that is not a literal (`number`, `string`) fits everything; so does a shape of unknown rank.
import type { DType } from "#ir/dtype.js";

/** A size as a type knows it: `784`, a named size `"batch"`, or `number` and `string` where it is not known. */
export type Dim = number | string;
/** The shape of a tensor, outermost axis first. */
export type Shape = readonly Dim[];

/** The same tuple without `readonly`, as all tensors carry it. */
export type Mutable<S extends Shape> = { -readonly [I in keyof S]: S[I] };

/** A type that no argument has, whose only property is the complaint. */
export type Refuse<Message extends string> = { readonly [K in Message]: never };

/** Whether a size is not a literal. */
type Wide<D> = number extends D ? true : string extends D ? true : false;
/** Whether the rank is not known. */
export type UnknownRank<S extends Shape> = number extends S["length"] ? true : false;
type IsNever<T> = [T] extends [never] ? true : false;

/** `[32,784]`. */
export type PrintShape<S extends Shape> = UnknownRank<S> extends true ? "[…]" : `[${Join<S>}]`;
type Join<S extends Shape> = S extends readonly [infer D extends Dim]
  ? `${D}`
  : S extends readonly [infer D extends Dim, ...infer Rest extends Shape]
    ? `${D},${Join<Rest>}`
    : "";

// Dtypes

/** `unknown` where the dtypes agree or one is not known, else the refusal. */
export type CheckDType<Op extends string, A extends DType, B extends DType> = [A] extends [B]
  ? unknown
  : [B] extends [A]
    ? unknown
    : Refuse<`${Op}: x is ${A} but y is ${B}`>;

// Broadcasting

/** The size that two aligned sizes broadcast to; never where they do not. */
export type BroadcastDim<A extends Dim, B extends Dim> = A extends 1
  ? B
  : B extends 1
    ? A
    : Wide<A> extends true
      ? B
      : Wide<B> extends true
        ? A
        : [A] extends [B]
          ? A
          : never;

/** The shape that two shapes broadcast to, aligned right; sizes that do not fit become never. */
export type Broadcast<A extends Shape, B extends Shape> =
  UnknownRank<A> extends true ? Shape : UnknownRank<B> extends true ? Shape : BroadcastFromRight<A, B>;
type BroadcastFromRight<A extends Shape, B extends Shape, Done extends Shape = []> = A extends readonly [
  ...infer AHead extends Shape,
  infer ALast extends Dim,
]
  ? B extends readonly [...infer BHead extends Shape, infer BLast extends Dim]
    ? BroadcastFromRight<AHead, BHead, [BroadcastDim<ALast, BLast>, ...Done]>
    : [...A, ...Done]
  : [...B, ...Done];

type HasNever<S extends Shape> = S extends readonly [infer D, ...infer Rest extends Shape]
  ? IsNever<D> extends true
    ? true
    : HasNever<Rest>
  : false;

/** `unknown` where the shapes broadcast, else the refusal. */
export type CheckBroadcast<Op extends string, A extends Shape, B extends Shape> =
  HasNever<Broadcast<A, B>> extends true
    ? Refuse<`${Op}: the shapes ${PrintShape<A>} and ${PrintShape<B>} do not broadcast`>
    : unknown;

// Axes

type Includes<Axes extends number, Front extends number, Back extends number> = `${Front}` extends `${Axes}`
  ? true
  : `-${Back}` extends `${Axes}`
    ? true
    : false;

/** What is left of a shape after reducing some axes, counted from either end; all axes where `Axes` is undefined. */
export type Reduce<S extends Shape, Axes, Keep> =
  UnknownRank<S> extends true
    ? Shape
    : Axes extends readonly number[]
      ? ReduceAxes<S, Axes[number], Keep>
      : Axes extends number
        ? ReduceAxes<S, Axes, Keep>
        : Keep extends true
          ? { [I in keyof S]: 1 }
          : Keep extends false
            ? []
            : Shape;
type ReduceAxes<S extends Shape, Axes extends number, Keep> = [Axes] extends [never]
  ? S
  : number extends Axes
    ? Shape
    : boolean extends Keep
      ? Shape
      : ReduceFrom<S, Axes, Keep>;
type ReduceFrom<
  S extends Shape,
  Axes extends number,
  Keep,
  Seen extends Shape = [],
  Done extends Shape = [],
> = S extends readonly [infer D extends Dim, ...infer Rest extends Shape]
  ? ReduceFrom<
      Rest,
      Axes,
      Keep,
      [...Seen, D],
      Includes<Axes, Seen["length"] & number, S["length"] & number> extends true
        ? Keep extends true
          ? [...Done, 1]
          : Done
        : [...Done, D]
    >
  : Done;

/** The axes of a shape, counted from both ends, as a union of numbers. */
type AxesOf<S extends Shape, Seen extends Shape = []> = S extends readonly [
  infer D extends Dim,
  ...infer Rest extends Shape,
]
  ? `${Seen["length"] & number}` | `-${S["length"] & number}` | AxesOf<Rest, [...Seen, D]>
  : never;

/** `unknown` where every axis exists, else the refusal. */
export type CheckAxes<Op extends string, S extends Shape, Axes> =
  UnknownRank<S> extends true
    ? unknown
    : Axes extends readonly number[]
      ? CheckAxis<Op, S, Axes[number]>
      : Axes extends number
        ? CheckAxis<Op, S, Axes>
        : unknown;
type CheckAxis<Op extends string, S extends Shape, Axis extends number> = number extends Axis
  ? unknown
  : `${Axis}` extends AxesOf<S>
    ? unknown
    : Refuse<`${Op}: axis ${Axis} is out of range: ${PrintShape<S>} has rank ${S["length"]}`>;

// Products

/** `unknown` where the columns of A are the rows of B, else the refusal. */
export type CheckMatmul<A extends Shape, B extends Shape> = A extends readonly [
  ...infer ABatch extends Shape,
  Dim,
  infer K extends Dim,
]
  ? B extends readonly [...infer BBatch extends Shape, infer L extends Dim, Dim]
    ? Wide<K> extends true
      ? CheckBroadcast<"matmul", ABatch, BBatch>
      : Wide<L> extends true
        ? CheckBroadcast<"matmul", ABatch, BBatch>
        : [K] extends [L]
          ? CheckBroadcast<"matmul", ABatch, BBatch>
          : Refuse<`matmul: lhs has ${K} columns but rhs has ${L} rows`>
    : unknown
  : unknown;

/** The shape of a matrix product, batch axes broadcast. */
export type Matmul<A extends Shape, B extends Shape> = A extends readonly [
  ...infer ABatch extends Shape,
  infer M extends Dim,
  Dim,
]
  ? B extends readonly [...infer BBatch extends Shape, Dim, infer N extends Dim]
    ? [...Broadcast<ABatch, BBatch>, M, N]
    : Shape
  : Shape;

// Movement

/** The shape with its axes in the order of `Perm`; reversed where none is given. */
export type Permute<S extends Shape, Perm> =
  UnknownRank<S> extends true
    ? Shape
    : Perm extends readonly number[]
      ? number extends Perm["length"]
        ? Shape
        : { -readonly [I in keyof Perm]: S[Perm[I] & keyof S] extends infer D extends Dim ? D : number }
      : Reverse<S>;
type Reverse<S extends Shape> = S extends readonly [infer D extends Dim, ...infer Rest extends Shape]
  ? [...Reverse<Rest>, D]
  : [];

/** The target of a reshape; a size to be found out, −1, becomes `number`. */
export type Reshape<S extends Shape> =
  UnknownRank<S> extends true ? Shape : { -readonly [I in keyof S]: S[I] extends -1 ? number : S[I] };

/** The shape of the same rank with no size known. */
export type SameRank<S extends Shape> = UnknownRank<S> extends true ? Shape : { -readonly [I in keyof S]: number };

/** The shape without its last axis. */
export type WithoutLast<S extends Shape> =
  UnknownRank<S> extends true ? Shape : S extends readonly [...infer Head extends Shape, Dim] ? Head : [];

/** The last size. */
export type Last<S extends Shape> = S extends readonly [...Shape, infer D extends Dim] ? D : number;

/** A shape whose last size is `D`. */
export type WithLast<S extends Shape, D extends Dim> = UnknownRank<S> extends true ? Shape : [...WithoutLast<S>, D];

/** A shape with one more axis at the end. */
export type Append<S extends Shape, D extends Dim> = UnknownRank<S> extends true ? Shape : [...S, D];

/** What gather gives: the indices' axes in the place of axis 0; other axes are left unknown. */
export type Gather<S extends Shape, I extends Shape, Axis> = true extends UnknownRank<S> | UnknownRank<I>
  ? Shape
  : Axis extends 0
    ? S extends readonly [Dim, ...infer Rest extends Shape]
      ? [...I, ...Rest]
      : Shape
    : Shape;

/** Rows of the right length: `unknown`, or the refusal that names both sizes. */
export type CheckLast<S extends Shape, D extends Dim> =
  UnknownRank<S> extends true
    ? unknown
    : Wide<D> extends true
      ? unknown
      : Wide<Last<S>> extends true
        ? unknown
        : [Last<S>] extends [D]
          ? unknown
          : Refuse<`the last axis has ${Last<S>} elements, not ${D}`>;

/** The shape of data written as nested arrays. */
export type NestedShape<T> = 0 extends 1 & T
  ? readonly number[]
  : T extends readonly unknown[]
    ? T extends readonly []
      ? [0]
      : [T["length"], ...NestedShape<T[0]>]
    : [];
