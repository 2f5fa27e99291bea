// vmap: a function of the elements of a batch as a function of batches, in either mode.
import { BatchingOwner } from "#ir/batching.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import { bring, normalizeAxis } from "#ir/forms.js";
import type { Operand } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { transpose } from "#ir/ops/movement.js";
import { printSize, sameSize, type Size } from "#ir/size.js";
import { printType, type TensorType } from "#ir/type.js";
import { Tensor } from "./tensor.js";
import { operandsOf, replaceTensors, type Reshaped, tensorsIn, type TensorTree } from "./tensor-trees.js";

/** Where the batch is in an argument: an axis, a named size, or nowhere: null for what is the same for all elements. */
export type BatchAxis = number | string | null;

export interface VmapOptions {
  /**
   * One for all arguments, or a list with one for each; 0 where nothing is said. Of a name for all arguments, those without
   * an axis of that size are the same for all elements.
   */
  readonly in?: BatchAxis | readonly BatchAxis[];
  /** Where the axis of the batch goes in the results; 0 where nothing is said. */
  readonly out?: number;
}

/** Mappings under way, the innermost last: another one happens inside of it. */
const active: BatchingOwner[] = [];

/**
 * A function that does to every element of a batch what `fn` does to one, all at once. `fn` gets tensors without the axis of
 * the batch; arguments and results are tensors, or lists and records of them. What `fn` uses besides is the same for all
 * elements. Throws ShapeErrors where sizes of the batch differ, GraphErrors where nothing is mapped.
 */
export function vmap<R extends TensorTree>(
  fn: (...xs: Tensor[]) => R,
  options?: VmapOptions,
): (...xs: readonly Tensor[]) => Reshaped<R>;
export function vmap<A extends readonly TensorTree[], R extends TensorTree>(
  fn: (...args: A) => R,
  options?: VmapOptions,
): (...args: { [I in keyof A]: TensorTree }) => Reshaped<R>;
export function vmap(fn: (...args: never[]) => TensorTree, options: VmapOptions = {}): unknown {
  return (...args: readonly TensorTree[]): TensorTree => {
    const { owner, elements } = atUserLine(() => batchOf(args, options.in === undefined ? 0 : options.in), "vmap");
    active.push(owner);
    try {
      const result = fn(...(elements as never[]));
      return atUserLine(() => replaceTensors(result, "fn", (y) => collected(y, owner, options.out ?? 0)), "vmap");
    } finally {
      active.pop();
      owner.close();
    }
  };
}

/** A tensor among the arguments, with the axis of the batch, or null where it has none. */
interface Argument {
  readonly x: Tensor;
  readonly axis: number | null;
  /** Counts from 1. */
  readonly position: number;
}

/** The owner of the elements, and the arguments as `fn` gets them. */
function batchOf(args: readonly TensorTree[], where: BatchAxis | readonly BatchAxis[]) {
  const found = argumentsOf(args, where);
  const size = commonSize(found, where);
  const met = operandsOf(found.map(({ x }) => x));
  const owner = new BatchingOwner(active.at(-1) ?? met[0]!.owner, size);
  let next = 0;
  const elements = args.map((arg) =>
    replaceTensors(arg, "the caller", (x) => {
      const operand = bring(met[next]!, owner.outer);
      const { axis } = found[next++]!;
      return axis === null ? x : new Tensor(owner.map(moved(operand, axis, 0)));
    }),
  );
  return { owner, elements };
}

function argumentsOf(args: readonly TensorTree[], where: BatchAxis | readonly BatchAxis[]): readonly Argument[] {
  const each: readonly BatchAxis[] | null = Array.isArray(where) ? where : null;
  if (each && each.length !== args.length) {
    throw new GraphError(`"in" has ${each.length} entries, but the number of arguments is ${args.length}`);
  }
  return args.flatMap((arg, i) => {
    const place = each ? each[i]! : (where as BatchAxis);
    const position = i + 1;
    return tensorsIn(arg, "the caller").map((x) => {
      const axis = axisOf(x.type, place, position);
      if (axis === null && place !== null && each) {
        throw new ShapeError(`argument ${position} is ${printType(x.type)} and has no axis of size ${place}`);
      }
      return { x, axis, position };
    });
  });
}

/** The axis counted from the front; null where there is none of that name. */
function axisOf(type: TensorType, place: BatchAxis, position: number): number | null {
  if (place === null) return null;
  const { length } = type.shape;
  if (typeof place === "number") {
    if (Number.isInteger(place) && place >= -length && place < length) return normalizeAxis(place, type);
    throw new ShapeError(`argument ${position} is ${printType(type)} and has no axis ${place}`);
  }
  const axes = type.shape.flatMap((size, axis) => (printSize(size) === place ? [axis] : []));
  if (axes.length <= 1) return axes[0] ?? null;
  throw new ShapeError(`argument ${position} is ${printType(type)}: ${axes.length} axes have the size ${place}`);
}

/** The size of the batch, on which all mapped arguments agree. */
function commonSize(found: readonly Argument[], where: BatchAxis | readonly BatchAxis[]): Size {
  const [first, ...others] = found.filter(({ axis }) => axis !== null);
  if (!first) {
    const named = typeof where === "string" ? `: none has an axis of size ${where}` : "";
    throw new GraphError(`no argument is mapped${named}`);
  }
  const sizeOf = ({ x, axis }: Argument) => x.type.shape[axis!]!;
  const size = sizeOf(first);
  const other = others.find((one) => !sameSize(sizeOf(one), size));
  if (!other) return size;
  const counted = (one: Argument) => `argument ${one.position} has ${printSize(sizeOf(one))}`;
  throw new ShapeError(`the batches differ: ${counted(first)} elements, ${counted(other)}`);
}

/** A result of `fn` for all elements, their axis where it is asked for. */
function collected(y: Tensor, owner: BatchingOwner, out: number): Tensor {
  const handle = owner.mode === "graph" ? y.symbolicHandle : y.handle;
  const all = owner.collect(handle);
  return new Tensor(moved(all, 0, normalizeAxis(out, all.type)));
}

/** `x` with one of its axes in another place. */
function moved(x: Operand, from: number, to: number): Operand {
  if (from === to) return x;
  const order = x.type.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  return transpose(x, order.toSpliced(to, 0, from));
}
