// The types of methods and free functions on tensors. Those of elementwise ops and reductions follow from the op table by
// form; only ops with arguments of their own are written out, and an op that is not gets a loose type from its record.
import type { DType } from "#ir/dtype.js";
import type { Axes, Form } from "#ir/forms.js";
import type { Operand } from "#ir/node.js";
import type { Op } from "#ir/op.js";
import type * as leaves from "#ir/ops/leaves.js";
import type * as table from "#ir/ops/index.js";
import type { SizeExpr } from "#ir/size.js";
import type { OwnFunctions, OwnMethods } from "./own-signatures.js";
import type { Broadcast, CheckAxes, CheckBroadcast, CheckDType, Reduce } from "./shapes.js";
import type { Tensor } from "./tensor.js";

type Table = typeof table;
/** The names of all ops that users call. */
export type OpName = Exclude<keyof Table & string, keyof typeof leaves>;

/** Every op as a free function: `ops.add(x, 1)`, `ops.concat([a, b], 0)`. */
export type Functions = {
  readonly [K in OpName]: K extends keyof OwnFunctions ? OwnFunctions[K] : FunctionOf<K, Table[K]>;
};

/** Every op whose first operand is a tensor, as a method: `x.add(1)`. */
export type Methods = {
  [K in OpName as IsMethod<Table[K]> extends true ? K : never]: K extends keyof OwnMethods
    ? OwnMethods[K]
    : MethodOf<K, Table[K]>;
};

/** A tensor, or a number that takes the dtype of the tensor beside it. */
export type TensorOrNumber = Tensor | number;
/** The same dtype and shape. */
export type Like<A extends Tensor> = Tensor<A["shape"], A["dtype"]>;
type ShapeOf<T> = T extends Tensor ? T["shape"] : [];
type DTypeOf<A, B> = A extends Tensor ? A["dtype"] : B extends Tensor ? B["dtype"] : DType;
type Fits<K extends string, A, B> = A extends Tensor
  ? B extends Tensor
    ? CheckBroadcast<K, A["shape"], B["shape"]> & CheckDType<K, A["dtype"], B["dtype"]>
    : unknown
  : unknown;
type Both<A, B, D extends DType> = Tensor<Broadcast<ShapeOf<A>, ShapeOf<B>>, D>;
/** How a reduction keeps the axes it reduces: as size 1, or not at all. */
export interface Keep<K extends boolean> {
  readonly keepDims?: K;
}

type MethodOf<K extends string, O> =
  O extends Op<infer F, infer _, infer Args, infer R> ? MethodOfForm<K, F, Args, R> : never;
type MethodOfForm<K extends string, F extends Form, Args extends readonly unknown[], R> = F extends "unary"
  ? <A extends Tensor>(this: A) => Like<A>
  : F extends "binary"
    ? <A extends Tensor, B extends TensorOrNumber>(this: A, other: B & Fits<K, A, B>) => Both<A, B, A["dtype"]>
    : F extends "compare"
      ? <A extends Tensor, B extends TensorOrNumber>(this: A, other: B & Fits<K, A, B>) => Both<A, B, "bool">
      : F extends "reduction"
        ? <A extends Tensor, const X extends Axes | undefined = undefined, const KD extends boolean = false>(
            this: A,
            axes?: X & CheckAxes<K, A["shape"], X>,
            options?: Keep<KD> & Extra<Args>,
          ) => Tensor<Reduce<A["shape"], X, KD>, A["dtype"]>
        : F extends "argReduction"
          ? <A extends Tensor, const X extends number = -1, const KD extends boolean = false>(
              this: A,
              axis?: X & CheckAxes<K, A["shape"], X>,
              options?: Keep<KD>,
            ) => Tensor<Reduce<A["shape"], X, KD>, "i32">
          : F extends "row"
            ? <A extends Tensor, const X extends number = -1>(
                this: A,
                axis?: X & CheckAxes<K, A["shape"], X>,
              ) => Like<A>
            : F extends "like"
              ? LikeMethod<Args>
              : LooseMethod<Args, R>;

type FunctionOf<K extends string, O> =
  O extends Op<infer F, infer _, infer Args, infer R> ? FunctionOfForm<K, F, Args, R> : never;
type FunctionOfForm<K extends string, F extends Form, Args extends readonly unknown[], R> = F extends "unary"
  ? <A extends Tensor>(x: A) => Like<A>
  : F extends "binary"
    ? <A extends TensorOrNumber, B extends TensorOrNumber>(x: A, y: B & Fits<K, A, B>) => Both<A, B, DTypeOf<A, B>>
    : F extends "compare"
      ? <A extends TensorOrNumber, B extends TensorOrNumber>(x: A, y: B & Fits<K, A, B>) => Both<A, B, "bool">
      : F extends "reduction"
        ? <A extends Tensor, const X extends Axes | undefined = undefined, const KD extends boolean = false>(
            x: A,
            axes?: X & CheckAxes<K, A["shape"], X>,
            options?: Keep<KD> & Extra<Args>,
          ) => Tensor<Reduce<A["shape"], X, KD>, A["dtype"]>
        : F extends "argReduction"
          ? <A extends Tensor, const X extends number = -1, const KD extends boolean = false>(
              x: A,
              axis?: X & CheckAxes<K, A["shape"], X>,
              options?: Keep<KD>,
            ) => Tensor<Reduce<A["shape"], X, KD>, "i32">
          : F extends "row"
            ? <A extends Tensor, const X extends number = -1>(x: A, axis?: X & CheckAxes<K, A["shape"], X>) => Like<A>
            : F extends "like"
              ? LikeFunction<Args>
              : (...args: Public<Args>) => Given<R>;

/** Options of a reduction besides `keepDims`. */
type Extra<Args extends readonly unknown[]> = Omit<NonNullable<Args[2]>, "keepDims">;

/** Whether the first argument of an op is a tensor. */
type IsMethod<O> =
  O extends Op<infer _F, infer _A, infer Args, infer _R>
    ? Args extends readonly [infer First, ...unknown[]]
      ? Operand extends First
        ? true
        : false
      : false
    : false;

type LooseMethod<Args extends readonly unknown[], R> = Args extends readonly [unknown, ...infer Rest]
  ? (this: Tensor, ...args: Public<Rest>) => Given<R>
  : never;
type LikeMethod<Args extends readonly unknown[]> = Args extends readonly [unknown, ...infer Rest]
  ? <A extends Tensor>(this: A, ...args: Public<Rest>) => Like<A>
  : never;
type LikeFunction<Args extends readonly unknown[]> = Args extends readonly [unknown, ...infer Rest]
  ? <A extends Tensor>(x: A, ...args: Public<Rest>) => Like<A>
  : never;
/** One tensor, or as many as the op has results. */
type Given<R> = R extends readonly Operand[] ? { -readonly [I in keyof R]: Tensor } : Tensor;

/** An op's own arguments as users give them: operands are tensors, sizes may be written as text. */
type Public<Args extends readonly unknown[]> = { [I in keyof Args]: PublicArg<Args[I]> };
type PublicArg<T> = T extends Operand
  ? Tensor
  : T extends SizeExpr
    ? string
    : T extends readonly (infer E)[]
      ? readonly PublicArg<E>[]
      : T extends object
        ? { readonly [K in keyof T]: PublicArg<T[K]> }
        : T;
