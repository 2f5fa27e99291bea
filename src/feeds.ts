// Feeds: what users give a run, and what is wrong with it.
import { arrayType, type DType, isFloat, toDType, type TypedArray } from "#ir/dtype.js";
import { alignRows, FeedError } from "#ir/errors.js";
import { elementCount, printShape } from "#ir/size.js";
import { printType, type TensorType } from "#ir/type.js";
import { Tensor } from "./tensor.js";

/** Numbers for one input: flat, in row-major order; with their shape where more than one size is unbound; an eager tensor. */
export type Feed =
  | TypedArray
  | readonly number[]
  | number
  | { readonly data: TypedArray | readonly number[]; readonly shape: readonly number[] }
  | Tensor;
/** Feeds by the names of inputs. */
export type Feeds = Readonly<Record<string, Feed>>;

/** An input as a run sees it. */
export interface FeedSpec {
  readonly name: string;
  readonly type: TensorType;
  /** Whether the run reads it; others may be fed and are ignored. */
  readonly read: boolean;
  /** Whether another float dtype is converted: in graphs retyped to f64. */
  readonly converts: boolean;
}

/** The numbers of a feed. */
export function numbersIn(feed: Feed): TypedArray | readonly number[] | number {
  if (typeof feed === "number" || ArrayBuffer.isView(feed)) return feed;
  if (feed instanceof Tensor) return feed.data();
  return "data" in feed ? feed.data : feed;
}

/** The shape that comes with a feed; null for flat ones. */
export function shapeIn(feed: Feed): readonly number[] | null {
  if (typeof feed === "number" || ArrayBuffer.isView(feed)) return null;
  return "shape" in feed ? (feed.shape as readonly number[]) : null;
}

/** The feeds as they are now, in arrays of their own. */
export function snapshotOf(feeds: Feeds): Feeds {
  const copy = (feed: Feed): Feed => {
    const data = numbersIn(feed);
    const own = typeof data === "number" ? data : data.slice();
    const shape = shapeIn(feed);
    return shape && typeof own !== "number" ? { data: own, shape: [...shape] } : own;
  };
  return Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, copy(feed)]));
}

/** How many numbers a feed has, without making any. */
export function countIn(feed: Feed): number {
  if (typeof feed === "number") return 1;
  if (ArrayBuffer.isView(feed)) return feed.length;
  if (feed instanceof Tensor) return elementCount(feed.shape as readonly number[]);
  return "data" in feed ? feed.data.length : feed.length;
}

/** Whether a feed holds numbers that an input takes: of the input's dtype, or plain numbers. */
export function accepts(feed: Feed, dtype: DType, converts: boolean): boolean {
  if (feed instanceof Tensor) return !feed.symbolic && (feed.dtype === dtype || (converts && isFloat(feed.dtype)));
  const data: unknown = typeof feed === "object" && feed !== null && "data" in feed ? feed.data : feed;
  if (data instanceof arrayType(dtype)) return true;
  if (typeof data === "number") return holds(dtype, data);
  if (Array.isArray(data)) return misfitIn(data, dtype) < 0;
  return converts && (data instanceof Float32Array || data instanceof Float64Array);
}

/** Where the first element stands that is no number of the dtype; −1 where there is none. */
function misfitIn(data: readonly unknown[], dtype: DType): number {
  for (let i = 0; i < data.length; i++) if (!holds(dtype, data[i])) return i;
  return -1;
}

/** Whether it is a number that the dtype can hold, rounding of floats aside; every number is true or false. */
function holds(dtype: DType, x: unknown): boolean {
  return typeof x === "number" && (isFloat(dtype) || dtype === "bool" || toDType(dtype, x) === x);
}

/** What is to be said of one input. */
interface Remark {
  readonly fault: "missing" | "unfit" | null;
  readonly text: string;
}

function inspect({ type, converts }: FeedSpec, feed: Feed | undefined): Remark {
  if (feed === undefined) return { fault: "missing", text: "missing" };
  const unfit = (text: string): Remark => ({ fault: "unfit", text: `given ${text}` });
  if (!accepts(feed, type.dtype, converts)) return unfit(wrongKind(feed, type.dtype));
  const count = countIn(feed);
  const shape = shapeIn(feed);
  if (shape) {
    const shown = `${type.dtype}${printShape(shape)}`;
    if (!shape.every((n) => Number.isInteger(n) && n >= 0))
      return unfit(`${shown}, but sizes are whole numbers from 0`);
    if (elementCount(shape) !== count) return unfit(`${shown} with ${count} numbers`);
    const fits =
      shape.length === type.shape.length && type.shape.every((s, i) => typeof s !== "number" || s === shape[i]);
    return fits ? { fault: null, text: `given ${shown}` } : unfit(shown);
  }
  const known = type.shape.reduce<number>((product, s) => (typeof s === "number" ? product * s : product), 1);
  const free = type.shape.some((s) => typeof s !== "number");
  if (!free && count !== known) return unfit(`${plural(count, "number")}, not ${known}`);
  if (free && (known === 0 ? count !== 0 : count % known !== 0)) {
    return unfit(`${plural(count, "number")}, not a multiple of ${known}`);
  }
  return { fault: null, text: free ? `given ${plural(count, "number")}` : `given ${printType(type)}` };
}

function wrongKind(feed: Feed, dtype: DType): string {
  if (feed instanceof Tensor) return feed.symbolic ? "a symbolic tensor, not numbers" : `${feed.dtype}, not ${dtype}`;
  const data: unknown = typeof feed === "object" && feed !== null && "data" in feed ? feed.data : feed;
  if (Array.isArray(data) && Array.isArray(data[0])) return "nested arrays; tensor([[…]]) makes a feed of them";
  if (Array.isArray(data)) {
    const [at, x] = [misfitIn(data, dtype), data[misfitIn(data, dtype)] as unknown];
    return typeof x === "number"
      ? `${x} as element ${at}, which ${dtype} cannot hold`
      : `an array with a ${typeof x} as element ${at}, not of numbers`;
  }
  if (typeof data === "number") return `${data}, which ${dtype} cannot hold`;
  const kind = typeof data === "object" && data !== null ? data.constructor.name : String(data);
  return `${kind}, not ${arrayType(dtype).name}`;
}

/** `1 number`, `2 numbers`. */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The FeedError that lists every input where some are missing, unknown or unfit; null where all is well. */
export function faultsIn(specs: readonly FeedSpec[], feeds: Feeds, what: string): FeedError | null {
  const remarks = new Map<string, Remark>();
  for (const spec of specs) if (spec.read) remarks.set(spec.name, inspect(spec, feeds[spec.name]));
  const unknown = Object.keys(feeds).filter((name) => !specs.some((spec) => spec.name === name));
  const wrong = [...remarks.values()].some((r) => r.fault !== null) || unknown.length > 0;
  return wrong ? faults(specs, remarks, unknown, what) : null;
}

/** A line per input: its type and what was given. */
export function feedLines(specs: readonly FeedSpec[], feeds: Feeds): readonly string[] {
  return alignRows(specs.map((spec) => [`${spec.name} :`, printType(spec.type), inspect(spec, feeds[spec.name]).text]));
}

function faults(
  specs: readonly FeedSpec[],
  remarks: ReadonlyMap<string, Remark>,
  unknown: readonly string[],
  what: string,
): FeedError {
  const count = (fault: Remark["fault"]) => [...remarks.values()].filter((r) => r.fault === fault).length;
  const clauses: string[] = [];
  const say = (n: number, one: string, many: string) => {
    if (n === 0) return;
    const whole = clauses.length === 0 ? ` of ${plural(remarks.size, "input")}` : "";
    clauses.push(`${n}${whole} ${n === 1 ? one : many}`);
  };
  say(count("missing"), "is missing", "are missing");
  say(count("unfit"), "does not fit", "do not fit");
  if (clauses.length > 0) say(unknown.length, "is not known", "are not known");
  else clauses.push(`${plural(unknown.length, "feed")} ${unknown.length === 1 ? "is" : "are"} not known`);
  const rows = specs
    .filter((spec) => spec.read)
    .map((spec) => [`${spec.name} :`, printType(spec.type), remarks.get(spec.name)!.text]);
  const strangers = unknown.map((name) => [`${name} :`, "", "given, but the graph has no such input"]);
  return new FeedError(`${what}: ${clauses.join(", ")}`, { lines: alignRows([...rows, ...strangers]) });
}
