// Feeds: what users give a run, what is wrong with it, and which numbers the named sizes stand for.
import { arrayType, type DType, isFloat, type TypedArray } from "#ir/dtype.js";
import { alignRows, FeedError } from "#ir/errors.js";
import { elementCount, evaluateSize, namesIn, printShape, type Size } from "#ir/size.js";
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
  if (data instanceof arrayType(dtype) || typeof data === "number" || Array.isArray(data)) return true;
  return converts && (data instanceof Float32Array || data instanceof Float64Array);
}

/**
 * The numbers that the named sizes stand for. Throws one FeedError that lists every input where feeds are missing, not
 * known, of the wrong dtype or of a length or shape that does not fit, or where one name would stand for two numbers.
 * `fixed` are sizes that are bound already.
 */
export function bindSizes(specs: readonly FeedSpec[], feeds: Feeds, what: string): Record<string, number> {
  const remarks = new Map<string, Remark>();
  for (const spec of specs) if (spec.read) remarks.set(spec.name, inspect(spec, feeds[spec.name]));
  const unknown = Object.keys(feeds).filter((name) => !specs.some((spec) => spec.name === name));
  const wrong = [...remarks.values()].some((r) => r.fault !== null) || unknown.length > 0;
  if (wrong) throw faults(specs, remarks, unknown, what);
  return solve(
    specs.filter((spec) => spec.read),
    feeds,
    what,
  );
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
  const kind = typeof data === "object" && data !== null ? data.constructor.name : String(data);
  return `${kind}, not ${arrayType(dtype).name}`;
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

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

/** Binds names from given shapes first, then from the lengths of flat feeds with one name left, until nothing moves. */
function solve(specs: readonly FeedSpec[], feeds: Feeds, what: string): Record<string, number> {
  const binding: Record<string, number> = {};
  const source: Record<string, string> = {};
  const bind = (name: string, value: number, spec: FeedSpec) => {
    const known = binding[name];
    if (known !== undefined && known !== value) {
      const first = `"${name}" is ${known} in ${source[name]} but ${value} in ${spec.name}`;
      throw new FeedError(`${what}: the size ${first}`, { lines: shown(specs, feeds) });
    }
    binding[name] = value;
    source[name] ??= spec.name;
  };
  for (const spec of specs) {
    shapeIn(feeds[spec.name]!)?.forEach((n, axis) => {
      const name = nameAlone(spec.type.shape[axis]!);
      if (name) bind(name, n, spec);
    });
  }
  for (let moved = true; moved;) {
    moved = false;
    for (const spec of specs) {
      const free = unbound(spec.type.shape, binding);
      if (free.length !== 1 || !nameAlone(free[0]!)) continue;
      bind(nameAlone(free[0]!)!, lengthOf(free[0]!, spec, feeds, binding, what, specs), spec);
      moved = true;
    }
  }
  for (const spec of specs) check(spec, feeds, binding, bind, what, specs);
  return binding;
}

const nameAlone = (size: Size): string | null => {
  const names = namesIn(size);
  return names.length === 1 && typeof size !== "number" && size.text === names[0] ? names[0] : null;
};

const unbound = (shape: readonly Size[], binding: Readonly<Record<string, number>>): readonly Size[] =>
  shape.filter((size) => namesIn(size).some((name) => binding[name] === undefined));

/** The one unbound size of a flat feed, from its length. */
function lengthOf(
  free: Size,
  spec: FeedSpec,
  feeds: Feeds,
  binding: Readonly<Record<string, number>>,
  what: string,
  specs: readonly FeedSpec[],
): number {
  const others = spec.type.shape.filter((size) => size !== free).map((size) => evaluateSize(size, binding));
  const known = others.reduce((a, b) => a * b, 1);
  const count = countIn(feeds[spec.name]!);
  if (known > 0 && count % known === 0) return count / known;
  const needs = known > 0 ? `not a multiple of ${known}` : "which does not tell its size";
  throw new FeedError(`${what}: ${spec.name} has ${plural(count, "number")}, ${needs}`, { lines: shown(specs, feeds) });
}

/** Every size is bound, and every feed has the length that follows. */
function check(
  spec: FeedSpec,
  feeds: Feeds,
  binding: Readonly<Record<string, number>>,
  bind: (name: string, value: number, spec: FeedSpec) => void,
  what: string,
  specs: readonly FeedSpec[],
): void {
  const { shape } = spec.type;
  const feed = feeds[spec.name]!;
  if (unbound(shape, binding).length > 0) {
    throw new FeedError(`${what}: the length of ${spec.name} does not tell its sizes ${printShape(shape)}`, {
      lines: shown(specs, feeds),
      help: `give { data, shape } for ${spec.name}`,
    });
  }
  const sizes = shape.map((size) => evaluateSize(size, binding));
  const count = countIn(feed);
  const given = shapeIn(feed);
  if (given ? given.every((n, axis) => n === sizes[axis]) : elementCount(sizes) === count) return;
  const axis = shape.findIndex((size) => nameAlone(size) !== null);
  const rest = axis < 0 ? 0 : elementCount(sizes) / Math.max(1, sizes[axis]!);
  if (!given && rest > 0 && count % rest === 0) bind(nameAlone(shape[axis]!)!, count / rest, spec);
  throw new FeedError(`${what}: ${spec.name} has ${plural(count, "number")} but its shape is ${printShape(sizes)}`, {
    lines: shown(specs, feeds),
  });
}

function shown(specs: readonly FeedSpec[], feeds: Feeds): readonly string[] {
  return alignRows(specs.map((spec) => [`${spec.name} :`, printType(spec.type), inspect(spec, feeds[spec.name]).text]));
}
