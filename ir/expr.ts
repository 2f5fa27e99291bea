// Scalar expressions of the Kernel IR, and the smart constructors that build them. Index arithmetic folds as it is
// built, using the known range of every local; floating-point arithmetic never changes here.
import { type DType, toDType } from "./dtype.js";
import { evaluate, type ScalarFn } from "./scalar.js";

/** How a reduction combines elements. `any` and `all` are for bools. */
export type Reducer = "sum" | "prod" | "max" | "min" | "any" | "all";

/**
 * A scalar expression. Expressions are DAGs: a shared object is computed once.
 * - `literal`: a number of the dtype.
 * - `local`: a loop variable, a `let` or an argument; an index local lies in `0 ≤ value < extent`.
 * - `load`: an element of a buffer, at an i32 offset counted in elements.
 * - `call`: a scalar function of `scalar.ts` or `functions/`.
 * - `reduce`: `fn` over `0 ≤ over < extent` of `body`; gone after lowering.
 * - `read`: an operand's element at an index; only inside ops and access analysis, gone after lowering.
 * - `bounded`: a loaded i32 promised to lie in `0 ≤ value < extent`; lowering turns it into a check.
 */
export type Expr = Literal | Local | Load | Call | Reduce | Read | Bounded;
export type Literal = { readonly kind: "literal"; readonly dtype: DType; readonly value: number };
export type Local = { readonly kind: "local"; readonly dtype: DType; readonly name: string; readonly extent?: number };
export type Load = { readonly kind: "load"; readonly dtype: DType; readonly buffer: string; readonly offset: Expr };
export type Call = {
  readonly kind: "call";
  readonly dtype: DType;
  readonly fn: ScalarFn;
  readonly args: readonly Expr[];
};
export type Reduce = {
  readonly kind: "reduce";
  readonly dtype: DType;
  readonly fn: Reducer;
  readonly over: Local;
  readonly body: Expr;
};
export type Read = {
  readonly kind: "read";
  readonly dtype: DType;
  readonly operand: number;
  readonly index: readonly Expr[];
};
export type Bounded = {
  readonly kind: "bounded";
  readonly dtype: "i32";
  readonly value: Expr;
  readonly extent: number;
};

/** A number as an expression; `dtype` defaults to i32, the dtype of indices. */
export function literal(value: number, dtype: DType = "i32"): Literal {
  return { kind: "literal", dtype, value: dtype === "i32" ? value | 0 : toDType(dtype, value) };
}

/** An index variable with `0 ≤ value < extent`. */
export function indexLocal(name: string, extent: number): Local {
  return { kind: "local", dtype: "i32", name, extent };
}

/** A named local of any dtype. */
export function local(name: string, dtype: DType): Local {
  return { kind: "local", dtype, name };
}

/** The element of `buffer` at `offset` elements. */
export function load(buffer: string, offset: Expr, dtype: DType): Load {
  return { kind: "load", dtype, buffer, offset };
}

const comparisons: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"]);

/** A call of a scalar function; its dtype follows from its arguments. Literal arguments fold. */
export function call(fn: ScalarFn, ...args: readonly Expr[]): Expr {
  const first = args[0]!;
  const dtype = comparisons.has(fn) ? "bool" : fn === "select" ? args[1]!.dtype : first.dtype;
  if (first.dtype === "i32" && dtype === "i32") return indexCall(fn, args);
  return { kind: "call", dtype, fn, args };
}

/** A conversion of `x` to `dtype`: floats to ints truncate and saturate, NaN becomes 0; to bool is `x ≠ 0`. */
export function cast(x: Expr, dtype: DType): Expr {
  if (x.dtype === dtype) return x;
  if (x.kind === "literal") return literal(evaluate(castFn[dtype], dtype, [x.value], [x.dtype]), dtype);
  return { kind: "call", dtype, fn: castFn[dtype], args: [x] };
}
const castFn = { f32: "toF32", f64: "toF64", i32: "toI32", bool: "toBool", u8: "toU8" } as const;

export const add = (a: Expr, b: Expr): Expr => call("add", a, b);
export const sub = (a: Expr, b: Expr): Expr => call("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => call("mul", a, b);
export const div = (a: Expr, b: Expr): Expr => call("div", a, b);
/** Division of i32 rounding towards −∞; the divisor is a positive literal. */
export const floorDiv = (a: Expr, by: number): Expr => call("floorDiv", a, literal(by));
/** Remainder with the sign of the divisor, a positive literal. */
export const floorMod = (a: Expr, by: number): Expr => call("floorMod", a, literal(by));
export const select = (test: Expr, then: Expr, otherwise: Expr): Expr => {
  if (test.kind === "literal") return test.value ? then : otherwise;
  return then === otherwise ? then : call("select", test, then, otherwise);
};
export const lt = (a: Expr, b: Expr): Expr => compareIndex("lt", a, b);
export const ge = (a: Expr, b: Expr): Expr => compareIndex("ge", a, b);
export const eq = (a: Expr, b: Expr): Expr => compareIndex("eq", a, b);
export const and = (a: Expr, b: Expr): Expr => {
  if (a.kind === "literal") return a.value ? b : a;
  if (b.kind === "literal") return b.value ? a : b;
  return call("and", a, b);
};
/** A promise, checked at run time, that the i32 `value` lies in `0 ≤ value < extent`. */
export const bounded = (value: Expr, extent: number): Expr => ({ kind: "bounded", dtype: "i32", value, extent });

/** An inclusive range of an i32 expression, or null where nothing is known. */
export function rangeOf(x: Expr): readonly [number, number] | null {
  if (x.dtype !== "i32") return null;
  switch (x.kind) {
    case "literal":
      return [x.value, x.value];
    case "local":
      return x.extent === undefined ? null : [0, Math.max(0, x.extent - 1)];
    case "bounded":
      return [0, Math.max(0, x.extent - 1)];
    case "call": {
      let range = ranges.get(x);
      if (range === undefined) {
        range = rangeOfCall(x);
        if (range && (range[0] < -(2 ** 31) || range[1] >= 2 ** 31)) range = null;
        ranges.set(x, range);
      }
      return range;
    }
    default:
      return null;
  }
}

const ranges = new WeakMap<Call, readonly [number, number] | null>();

function rangeOfCall(x: Call): readonly [number, number] | null {
  if (x.fn === "select") {
    const [a, b] = [rangeOf(x.args[1]!), rangeOf(x.args[2]!)];
    return a && b && [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
  }
  if (bitFns.has(x.fn)) return rangeOfBits(x);
  const a = rangeOf(x.args[0]!);
  const b = x.args[1] && rangeOf(x.args[1]);
  if (!a || !b) return null;
  switch (x.fn) {
    case "add":
      return [a[0] + b[0], a[1] + b[1]];
    case "sub":
      return [a[0] - b[1], a[1] - b[0]];
    case "mul": {
      const [p, q, r, s] = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];
      return [Math.min(p, q, r, s), Math.max(p, q, r, s)];
    }
    case "floorDiv":
      return b[0] === b[1] && b[0] > 0 ? [Math.floor(a[0] / b[0]), Math.floor(a[1] / b[0])] : null;
    case "floorMod":
      return b[0] === b[1] && b[0] > 0 ? [0, b[0] - 1] : null;
    case "minimum":
      return [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
    case "maximum":
      return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    default:
      return null;
  }
}

/** Functions on bits: asked for their ranges, they do not ask on, as random bits are sums and mixes a hundred deep. */
export const bitFns: ReadonlySet<string> = new Set(["xor", "shiftLeft", "shiftRight"]);

function rangeOfBits({ fn, args: [, by] }: Call): readonly [number, number] | null {
  if (fn !== "shiftRight" || by!.kind !== "literal" || by!.value < 1 || by!.value > 31) return null;
  return [0, 2 ** (32 - by!.value) - 1];
}

function compareIndex(fn: "lt" | "ge" | "eq", a: Expr, b: Expr): Expr {
  const [x, y] = [rangeOf(a), rangeOf(b)];
  if (x && y) {
    if (fn === "eq" && x[0] === x[1] && y[0] === y[1]) return literal(x[0] === y[0] ? 1 : 0, "bool");
    if (fn === "eq" && (x[1] < y[0] || y[1] < x[0])) return literal(0, "bool");
    if (fn !== "eq" && x[1] < y[0]) return literal(fn === "lt" ? 1 : 0, "bool");
    if (fn !== "eq" && x[0] >= y[1]) return literal(fn === "lt" ? 0 : 1, "bool");
  }
  return call(fn, a, b);
}

/** i32 arithmetic, with the identities that index maps through views produce. */
function indexCall(fn: ScalarFn, args: readonly Expr[]): Expr {
  const a = args[0]!;
  const b = args[1]!;
  const p = a.kind === "literal" ? a.value : null;
  const q = b?.kind === "literal" ? b.value : null;
  if (p !== null && (q !== null || args.length === 1) && args.every((x) => x.kind === "literal")) {
    const values = args.map((x) => (x as Literal).value);
    return literal(evaluate(fn, "i32", values, args.map((x) => x.dtype))); // prettier-ignore
  }
  switch (fn) {
    case "add":
      if (p === 0) return b;
      if (q === 0) return a;
      if (a.kind === "literal") return indexCall("add", [b, a]);
      if (b.kind === "literal" && isCall(a, "add") && a.args[1]!.kind === "literal") {
        return indexCall("add", [a.args[0]!, literal(a.args[1]!.value + b.value)]);
      }
      break;
    case "sub":
      if (b.kind === "literal") return indexCall("add", [a, literal(-b.value)]);
      break;
    case "mul":
      if (p === 0 || q === 1) return a;
      if (q === 0 || p === 1) return b;
      if (a.kind === "literal") return indexCall("mul", [b, a]);
      if (b.kind === "literal" && isCall(a, "add")) {
        return indexCall("add", [indexCall("mul", [a.args[0]!, b]), indexCall("mul", [a.args[1]!, b])]);
      }
      if (b.kind === "literal" && isCall(a, "mul") && a.args[1]!.kind === "literal") {
        return indexCall("mul", [a.args[0]!, literal(Math.imul(a.args[1]!.value, b.value))]);
      }
      break;
    case "floorDiv":
    case "floorMod":
      return divideIndex(fn, a, b);
    default:
  }
  return { kind: "call", dtype: "i32", fn, args };
}

const isCall = (x: Expr, fn: ScalarFn): x is Call => x.kind === "call" && x.fn === fn;

/** `(q·n + r) div n → q` and `mod n → r`, where `0 ≤ r < n` is known term by term. */
function divideIndex(fn: "floorDiv" | "floorMod", a: Expr, b: Expr): Expr {
  const plain: Expr = { kind: "call", dtype: "i32", fn, args: [a, b] };
  if (b.kind !== "literal" || b.value <= 0) return plain;
  const n = b.value;
  if (n === 1) return fn === "floorDiv" ? a : literal(0);
  // What has no known range may have wrapped: i32 data, unlike indices.
  const whole = rangeOf(a);
  if (whole === null) return plain;
  if (whole[0] >= 0 && whole[1] < n) return fn === "floorDiv" ? literal(0) : a;
  const multiples: Expr[] = [];
  const rest: Expr[] = [];
  for (const term of termsOf(a)) {
    const times = term.kind === "literal" ? term.value : isCall(term, "mul") ? factorOf(term) : 1;
    if (times % n === 0 && times !== 0) multiples.push(scaleDown(term, n));
    else if (term.kind === "literal" && term.value >= n) {
      multiples.push(literal(Math.floor(term.value / n)));
      rest.push(literal(term.value % n));
    } else rest.push(term);
  }
  const sum = (terms: readonly Expr[]) => terms.reduce((x, y) => indexCall("add", [x, y]), literal(0) as Expr);
  const remainder = sum(rest);
  const range = rangeOf(remainder);
  const inside = range !== null && range[0] >= 0 && range[1] < n;
  if (fn === "floorDiv") {
    if (inside) return sum(multiples);
    // floor((c·x + r) / (c·m)) = floor(x / m) where 0 ≤ r < c
    if (multiples.length === 0 && range !== null) {
      const reduced = cancel(rest, n);
      if (reduced) return indexCall("floorDiv", [sum(reduced.terms), literal(reduced.by)]);
    }
    return multiples.length > 0
      ? indexCall("add", [sum(multiples), { kind: "call", dtype: "i32", fn, args: [remainder, b] }])
      : plain;
  }
  if (inside) return remainder;
  return multiples.length > 0 ? { kind: "call", dtype: "i32", fn, args: [remainder, b] } : plain;
}

/** Divides numerator and denominator by a common factor of the large terms, where the small ones cannot carry. */
function cancel(terms: readonly Expr[], n: number): { terms: Expr[]; by: number } | null {
  const factors = terms.filter((t) => isCall(t, "mul")).map((t) => factorOf(t as Call));
  for (const c of factors) {
    if (c <= 1 || n % c !== 0) continue;
    const numbers = terms.reduce((n, t) => (t.kind === "literal" ? n + t.value : n), 0);
    const [carried, left] = [Math.floor(numbers / c) * c, numbers - Math.floor(numbers / c) * c];
    const large = [...terms.filter((t) => isCall(t, "mul") && factorOf(t) % c === 0), literal(carried)];
    const small = [...terms.filter((t) => t.kind !== "literal" && !large.includes(t)), literal(left)];
    const ranges = small.map(rangeOf);
    const low = ranges.reduce((s, r) => s + (r ? r[0] : -Infinity), 0);
    const high = ranges.reduce((s, r) => s + (r ? r[1] : Infinity), 0);
    if (low >= 0 && high < c) return { terms: large.map((t) => scaleDown(t, c)), by: n / c };
  }
  return null;
}

function factorOf(term: Call): number {
  const last = term.args[1]!;
  return last.kind === "literal" ? last.value : 1;
}

function scaleDown(term: Expr, n: number): Expr {
  if (term.kind === "literal") return literal(term.value / n);
  const t = term as Call;
  return indexCall("mul", [t.args[0]!, literal(factorOf(t) / n)]);
}

function termsOf(x: Expr): readonly Expr[] {
  return isCall(x, "add") ? x.args.flatMap(termsOf) : [x];
}
