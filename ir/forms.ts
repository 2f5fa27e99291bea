// How users call ops: one normaliser per form turns friendly arguments (numbers, negative axes, shapes that broadcast)
// into operands that agree exactly.
import { type DType, isFloat, toDType } from "./dtype.js";
import { DTypeError, GraphError, ShapeError, twoGraphs } from "./errors.js";
import type { Applier, Attrs, Operand } from "./node.js";
import type { Call } from "./op.js";
import type { constant } from "./ops/leaves.js";
import type { broadcast } from "./ops/movement.js";
import { printShape, sameShape, sameSize, type Size } from "./size.js";
import type { TensorType } from "./type.js";

/** The ops that forms insert. */
interface Inserted {
  constant: typeof constant;
  broadcast: typeof broadcast;
}
const inserted: Partial<Inserted> = {};

/**
 * Brings an op that forms insert. The files of these ops call it: they import this one, and so does every op, so that an
 * import in the other direction would make all ops one circle in which nothing can be evaluated first.
 */
export function insertable(ops: Partial<Inserted>): void {
  Object.assign(inserted, ops);
}

/** An operand, or a number that takes the dtype and shape of the operand beside it. */
export type Scalar = Operand | number;
export type Axes = number | readonly number[];
export interface KeepDims {
  readonly keepDims?: boolean;
}

/** The arguments of each form; `own` ops state theirs. */
export interface FormArgs {
  /** One operand; the result has its type. */
  unary: [x: Operand];
  /** Two operands that broadcast; the result has their dtype. */
  binary: [x: Scalar, y: Scalar];
  /** Two operands that broadcast; the result is bool. */
  compare: [x: Scalar, y: Scalar];
  /** Over some axes, all where none are given. */
  reduction: [x: Operand, axes?: Axes, options?: KeepDims];
  /** Along one axis, the last where none is given; the axis goes. */
  argReduction: [x: Operand, axis?: number, options?: KeepDims];
  /** Along one axis, the last where none is given; the shape stays. */
  row: [x: Operand, axis?: number];
  /** Arguments of the op's own; the result has the type of the first operand. */
  like: readonly unknown[];
  /** Arguments of the op's own, stated with the op. */
  own: readonly unknown[];
}
export type Form = keyof FormArgs;

export const forms: { readonly [F in Form]: (...args: never[]) => Call } = {
  unary: (x: Operand) => ({ operands: [x], attrs: {} }),
  binary: (x: Scalar, y: Scalar) => ({ operands: broadcastTogether(x, y), attrs: {} }),
  compare: (x: Scalar, y: Scalar) => ({ operands: broadcastTogether(x, y), attrs: {} }),
  reduction: (x: Operand, axes?: Axes, options: KeepDims = {}) => ({
    operands: [x],
    attrs: { axes: normalizeAxes(axes, x.type), keepDims: options.keepDims ?? false },
  }),
  argReduction: (x: Operand, axis = -1, options: KeepDims = {}) => ({
    operands: [x],
    attrs: { axis: normalizeAxis(axis, x.type), keepDims: options.keepDims ?? false },
  }),
  row: (x: Operand, axis = -1) => ({ operands: [x], attrs: { axis: normalizeAxis(axis, x.type) } }),
  like: callsItself,
  own: callsItself,
};

function callsItself(): Call<Attrs> {
  throw new GraphError('an op of form "like" or "own" says itself how it is called');
}

/** An axis counted from the front. Throws ShapeError where it is out of range. */
export function normalizeAxis(axis: number, type: TensorType): number {
  const rank = type.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? "a scalar has none" : `rank ${rank} has axes ${-rank} to ${rank - 1}`;
    throw new ShapeError(`axis ${axis} is out of range: ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes counted from the front, ascending; all of them where none are given. Throws ShapeError, also on repeats. */
export function normalizeAxes(axes: Axes | undefined, type: TensorType): readonly number[] {
  if (axes === undefined) return type.shape.map((_, axis) => axis);
  const list = (Array.isArray(axes) ? axes : [axes]).map((axis) => normalizeAxis(axis, type));
  const repeated = list.find((axis, i) => list.indexOf(axis) !== i);
  if (repeated !== undefined) throw new ShapeError(`axis ${repeated} is given twice`);
  return [...list].sort((a, b) => a - b);
}

/** Operands of one owner: that of a mapping over a batch where one is among them, else of a graph; the others are lifted. */
export function gather(operands: readonly Operand[]): readonly Operand[] {
  let owner = operands[0]?.owner;
  for (const x of operands) if (x.owner !== owner && rankOf(x.owner) > rankOf(owner!)) owner = x.owner;
  return operands.map((x) => bring(x, owner!));
}

/** Operands of lower rank are lifted into owners of higher rank. */
function rankOf({ mode, outer }: Applier): number {
  return outer ? 2 + rankOf(outer) : mode === "graph" ? 1 : 0;
}

/** `x` as an operand of `owner`. Throws a GraphError where it cannot become one: it belongs to another graph. */
export function bring(x: Operand, owner: Applier): Operand {
  if (x.owner === owner) return x;
  if (owner.lift) return owner.lift(bring(x, owner.outer!));
  if (x.owner.outer) throw x.owner.left?.() ?? leftBatch();
  if (owner.mode === "eager") throw symbolicInEagerBatch();
  if (!x.liftInto) throw twoGraphs(owner, x.owner);
  return x.liftInto(owner);
}

/** The error for a tensor of one element of a batch where there is no batch. */
export function leftBatch(): GraphError {
  return new GraphError("a tensor of one element of a vmap is used outside of it", {
    help: "return it from the function that is mapped",
  });
}

function symbolicInEagerBatch(): GraphError {
  return new GraphError("a symbolic tensor is used in a vmap of eager tensors", {
    help: "graph.read(x) makes an eager argument symbolic",
  });
}

/** A number as a tensor of the type of `like`, by the owner of `like`. Throws DTypeError where the dtype cannot hold it. */
export function constantLike(like: Operand, value: number): Operand {
  return broadcastTo(scalarLike(like, value), like.type.shape);
}

/** A number as a scalar of the dtype of `like`, by the owner of `like`. Throws DTypeError where the dtype cannot hold it. */
export function scalarLike(like: Operand, value: number): Operand {
  return scalarOf(like, value, like.type.dtype);
}

function scalarOf(owned: Operand, value: number, dtype: DType): Operand {
  if (!isFloat(dtype) && toDType(dtype, value) !== value)
    throw new DTypeError(`${value} is not a number that ${dtype} can hold`);
  return inserted.constant!(owned, value, dtype);
}

/** Right-aligned broadcasting of any number of operands and numbers, as in NumPy; at least one must be an operand. */
export function broadcastTogether(...args: readonly Scalar[]): readonly Operand[] {
  const [x, y] = args;
  // An operand and a number, the most frequent pair, needs no search for a common shape.
  if (args.length === 2 && typeof x === "object" && typeof y === "number") return [x, constantLike(x, y)];
  if (args.length === 2 && typeof x === "number" && typeof y === "object") return [constantLike(y, x), y];
  const like = args.find((x) => typeof x !== "number");
  if (!like) throw new GraphError("at least one operand must be a tensor", { help: "tensor(2) makes one of a number" });
  const tensors = gather(args.filter((x) => typeof x !== "number"));
  const numbers = args.map((x) => (typeof x === "number" ? scalarOf(tensors[0]!, x, like.type.dtype) : null));
  let next = 0;
  const operands = numbers.map((x) => x ?? tensors[next++]!);
  if (operands.every((x) => sameShape(x.type.shape, operands[0]!.type.shape))) return operands;
  const shape = broadcastShape(operands.map((x) => x.type.shape));
  return operands.map((x) => broadcastTo(x, shape));
}

/** The shape that all shapes broadcast to. Throws ShapeError naming the sizes that do not fit. */
export function broadcastShape(shapes: readonly (readonly Size[])[]): readonly Size[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size: Size = 1;
    for (const shape of shapes) {
      const own = shape[shape.length - rank + axis] ?? 1;
      if (own === 1 || sameSize(own, size)) continue;
      if (size !== 1) {
        throw new ShapeError(`the shapes ${shapes.map(printShape).join(" and ")} do not broadcast`);
      }
      size = own;
    }
    return size;
  });
}

/** `x` broadcast to `shape`, its axes aligned right; `x` itself where the shapes are equal. */
export function broadcastTo(x: Operand, shape: readonly Size[]): Operand {
  if (sameShape(x.type.shape, shape)) return x;
  return inserted.broadcast!(x, shape);
}
