// The typed signatures of ops with arguments of their own, as methods and as free functions.
import type { PadMode } from "#ir/borders.js";
import type { DType } from "#ir/dtype.js";
import type { Axes } from "#ir/forms.js";
import type {
  Append,
  Broadcast,
  CheckAxes,
  CheckBroadcast,
  CheckDType,
  CheckMatmul,
  Dim,
  Gather,
  Last,
  Matmul,
  Mutable,
  Permute,
  Reduce,
  Reshape,
  SameRank,
  Shape,
} from "./shapes.js";
import type { Like, TensorOrNumber } from "./signatures.js";
import type { Tensor } from "./tensor.js";

type Fit<A extends Tensor, B extends Tensor> = CheckMatmul<A["shape"], B["shape"]> &
  CheckDType<"matmul", A["dtype"], B["dtype"]>;
type Product<A extends Tensor, B extends Tensor> = Tensor<Matmul<A["shape"], B["shape"]>, A["dtype"]>;
type To<A extends Tensor, S extends Shape> = Tensor<Reshape<S>, A["dtype"]>;
type Sized<A extends Tensor, S extends Shape> = Tensor<Mutable<S>, A["dtype"]>;
type Resized<A extends Tensor> = Tensor<SameRank<A["shape"]>, A["dtype"]>;
type Permuted<A extends Tensor, P> = Tensor<Permute<A["shape"], P>, A["dtype"]>;
type Perm = readonly number[] | undefined;
type DTypeOf<X, Y> = X extends Tensor ? X["dtype"] : Y extends Tensor ? Y["dtype"] : DType;
type ShapeOf<T> = T extends Tensor ? T["shape"] : [];
type Chosen<T extends Tensor, X, Y> = Tensor<Broadcast<T["shape"], Broadcast<ShapeOf<X>, ShapeOf<Y>>>, DTypeOf<X, Y>>;
type Choosable<T extends Tensor, X> = X extends Tensor ? CheckBroadcast<"where", T["shape"], X["shape"]> : unknown;

type Indices = Tensor<Shape, "i32">;
type Gathered<A extends Tensor, I extends Tensor, X> = Tensor<Gather<A["shape"], I["shape"], X>, A["dtype"]>;
type Hot<I extends Tensor, N extends Dim, D extends DType> = Tensor<Append<I["shape"], N>, D>;
type Rows<A extends Tensor, X> = Tensor<Reduce<A["shape"], X, false>, A["dtype"]>;
type Outer<A extends Tensor, B extends Tensor> = Tensor<[Last<A["shape"]>, Last<B["shape"]>], A["dtype"]>;

export interface EntropyOptions<X extends number> {
  readonly axis?: X;
  readonly labelSmoothing?: number;
  readonly weights?: Tensor;
  readonly ignoreIndex?: number;
}

/** What padding is filled with: a number, or what the tensor has at its borders. */
type Fill = number | { readonly mode: PadMode };

/** Methods of ops of form "own". */
export interface OwnMethods {
  matmul: <A extends Tensor, B extends Tensor>(this: A, other: B & Fit<A, B>) => Product<A, B>;
  reshape: <A extends Tensor, const S extends readonly Dim[]>(this: A, shape: S) => To<A, S>;
  transpose: <A extends Tensor, const P extends Perm = undefined>(this: A, perm?: P) => Permuted<A, P>;
  broadcast: <A extends Tensor, const S extends readonly Dim[]>(
    this: A,
    shape: S,
    axes?: readonly number[],
  ) => Sized<A, S>;
  slice: <A extends Tensor, const S extends readonly Dim[]>(
    this: A,
    starts: readonly Dim[],
    sizes: S,
    strides?: readonly number[],
  ) => Sized<A, S>;
  pad: <A extends Tensor>(this: A, low: readonly Dim[], high: readonly Dim[], fill?: Fill) => Resized<A>;
  reverse: <A extends Tensor, const X extends Axes | undefined = undefined>(
    this: A,
    axes?: X & CheckAxes<"reverse", A["shape"], X>,
  ) => Like<A>;
  cast: <A extends Tensor, const D extends DType>(this: A, dtype: D) => Tensor<A["shape"], D>;
  clip: <A extends Tensor>(this: A, low: number, high: number) => Like<A>;
  gather: <A extends Tensor, I extends Indices, const X extends number = 0>(
    this: A,
    indices: I,
    axis?: X & CheckAxes<"gather", A["shape"], X>,
  ) => Gathered<A, I, X>;
  embedding: <A extends Tensor, I extends Tensor>(this: A, ids: I) => Gathered<A, I, 0>;
  oneHot: <I extends Indices, const N extends Dim, const D extends DType = "f32">(
    this: I,
    depth: N,
    dtype?: D,
  ) => Hot<I, N, D>;
  dot: <A extends Tensor>(this: A, other: Tensor) => Tensor<[], A["dtype"]>;
  outer: <A extends Tensor, B extends Tensor>(this: A, other: B) => Outer<A, B>;
  where: <T extends Tensor<Shape, "bool">, X extends TensorOrNumber, Y extends TensorOrNumber>(
    this: T,
    then: X & Choosable<T, X>,
    otherwise: Y & Choosable<T, Y>,
  ) => Chosen<T, X, Y>;
  mse: <A extends Tensor>(this: A, target: TensorOrNumber) => Tensor<[], A["dtype"]>;
  mae: <A extends Tensor>(this: A, target: TensorOrNumber) => Tensor<[], A["dtype"]>;
  softmaxCrossEntropy: <A extends Tensor, const X extends number = -1>(
    this: A,
    labels: Tensor,
    options?: (X & CheckAxes<"softmaxCrossEntropy", A["shape"], X>) | EntropyOptions<X>,
  ) => Rows<A, X>;
}

/** Free functions of ops of form "own". */
export interface OwnFunctions {
  matmul: <A extends Tensor, B extends Tensor>(lhs: A, rhs: B & Fit<A, B>) => Product<A, B>;
  reshape: <A extends Tensor, const S extends readonly Dim[]>(x: A, shape: S) => To<A, S>;
  transpose: <A extends Tensor, const P extends Perm = undefined>(x: A, perm?: P) => Permuted<A, P>;
  broadcast: <A extends Tensor, const S extends readonly Dim[]>(
    x: A,
    shape: S,
    axes?: readonly number[],
  ) => Sized<A, S>;
  slice: <A extends Tensor, const S extends readonly Dim[]>(
    x: A,
    starts: readonly Dim[],
    sizes: S,
    strides?: readonly number[],
  ) => Sized<A, S>;
  pad: <A extends Tensor>(x: A, low: readonly Dim[], high: readonly Dim[], fill?: Fill) => Resized<A>;
  concat: <A extends Tensor>(xs: readonly A[], axis?: number) => Resized<A>;
  reverse: <A extends Tensor, const X extends Axes | undefined = undefined>(
    x: A,
    axes?: X & CheckAxes<"reverse", A["shape"], X>,
  ) => Like<A>;
  cast: <A extends Tensor, const D extends DType>(x: A, dtype: D) => Tensor<A["shape"], D>;
  clip: <A extends Tensor>(x: A, low: number, high: number) => Like<A>;
  gather: <A extends Tensor, I extends Indices, const X extends number = 0>(
    x: A,
    indices: I,
    axis?: X & CheckAxes<"gather", A["shape"], X>,
  ) => Gathered<A, I, X>;
  embedding: <A extends Tensor, I extends Tensor>(table: A, ids: I) => Gathered<A, I, 0>;
  oneHot: <I extends Indices, const N extends Dim, const D extends DType = "f32">(
    indices: I,
    depth: N,
    dtype?: D,
  ) => Hot<I, N, D>;
  dot: <A extends Tensor>(lhs: A, rhs: Tensor) => Tensor<[], A["dtype"]>;
  outer: <A extends Tensor, B extends Tensor>(lhs: A, rhs: B) => Outer<A, B>;
  where: <T extends Tensor<Shape, "bool">, X extends TensorOrNumber, Y extends TensorOrNumber>(
    test: T,
    then: X & Choosable<T, X>,
    otherwise: Y & Choosable<T, Y>,
  ) => Chosen<T, X, Y>;
  mse: <A extends Tensor>(prediction: A, target: TensorOrNumber) => Tensor<[], A["dtype"]>;
  mae: <A extends Tensor>(prediction: A, target: TensorOrNumber) => Tensor<[], A["dtype"]>;
  softmaxCrossEntropy: <A extends Tensor, const X extends number = -1>(
    logits: A,
    labels: Tensor,
    options?: (X & CheckAxes<"softmaxCrossEntropy", A["shape"], X>) | EntropyOptions<X>,
  ) => Rows<A, X>;
}
