// Sizes of axes: numbers, or polynomials in named sizes such as `2*batch+1`. Every size is kept in canonical form, so two
// sizes are provably equal exactly when they print equally.
import { GraphError } from "./errors.js";

/** A size: a number, or an expression in named sizes. */
export type Size = number | SizeExpr;

/** A canonical expression in named sizes: a sum of products of factors, plus a number. Compare with `sameSize`. */
export interface SizeExpr {
  readonly kind: "size";
  /** Sorted by key; no two terms with the same factors; no zero coefficients. */
  readonly terms: readonly { readonly times: number; readonly factors: readonly Factor[] }[];
  readonly plus: number;
  /** The printed form, which is the identity. */
  readonly text: string;
}

/** A name, or `floor(of / by)`. */
export type Factor =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "floorDiv"; readonly of: SizeExpr; readonly by: Size };

/** What named sizes stand for in one run. */
export type SizeBinding = Readonly<Record<string, number>>;

/** The size called `name`. Throws a GraphError where the name is not an identifier. */
export function namedSize(name: string): SizeExpr {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new GraphError(`size: "${name}" is not a name: use letters, digits and _`);
  return canonical([{ times: 1, factors: [{ kind: "name", name }] }], 0) as SizeExpr;
}

export function addSizes(...sizes: readonly Size[]): Size {
  const parts = sizes.map(split);
  return canonical(
    parts.flatMap((p) => p.terms),
    parts.reduce((sum, p) => sum + p.plus, 0),
  );
}

export function mulSizes(...sizes: readonly Size[]): Size {
  return sizes.reduce((a, b) => {
    const [x, y] = [allTerms(a), allTerms(b)];
    return fromTerms(
      x.flatMap((s) => y.map((t) => ({ times: s.times * t.times, factors: [...s.factors, ...t.factors] }))),
    );
  }, 1);
}

export function subSizes(a: Size, b: Size): Size {
  return addSizes(a, mulSizes(b, -1));
}

/** `floor(a / by)`; exact division of every term is carried out. */
export function floorDivSize(a: Size, by: Size): Size {
  if (typeof a === "number" && typeof by === "number") return Math.floor(a / by);
  if (by === 1) return a;
  if (sameSize(a, by)) return 1;
  const { terms, plus } = split(a);
  if (typeof by === "number" && terms.every((t) => t.times % by === 0)) {
    return canonical(
      terms.map((t) => ({ ...t, times: t.times / by })),
      Math.floor(plus / by),
    );
  }
  const exact = plus === 0 && typeof by !== "number" ? divideByMonomial(terms, by) : null;
  if (exact) return exact;
  return canonical([{ times: 1, factors: [{ kind: "floorDiv", of: a as SizeExpr, by }] }], 0);
}

/** Every term divided by a single product, where it goes evenly; else null. */
function divideByMonomial(terms: SizeExpr["terms"], by: SizeExpr): Size | null {
  if (by.terms.length !== 1 || by.plus !== 0) return null;
  const divisor = by.terms[0]!;
  const out: { times: number; factors: Factor[] }[] = [];
  for (const t of terms) {
    const left = [...t.factors];
    for (const f of divisor.factors) {
      const at = left.findIndex((g) => printFactor(g) === printFactor(f));
      if (at < 0) return null;
      left.splice(at, 1);
    }
    if (t.times % divisor.times !== 0) return null;
    out.push({ times: t.times / divisor.times, factors: left });
  }
  return fromTerms(out);
}

/** Whether two sizes are provably equal. */
export function sameSize(a: Size, b: Size): boolean {
  return a === b || (typeof a !== "number" && typeof b !== "number" && a.text === b.text);
}

/** Whether two shapes are provably equal. */
export function sameShape(a: readonly Size[], b: readonly Size[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !sameSize(a[i]!, b[i]!)) return false;
  return true;
}

/** The product of the sizes of a shape. */
export function elementCount(shape: readonly number[]): number;
export function elementCount(shape: readonly Size[]): Size;
export function elementCount(shape: readonly Size[]): Size {
  return shape.every((s) => typeof s === "number") ? shape.reduce((a, b) => a * b, 1) : mulSizes(...shape);
}

/** The names that occur in a size. */
export function namesIn(size: Size): readonly string[] {
  if (typeof size === "number") return [];
  const names = size.terms.flatMap((t) =>
    t.factors.flatMap((f) => (f.kind === "name" ? [f.name] : [...namesIn(f.of), ...namesIn(f.by)])),
  );
  return [...new Set(names)];
}

/** The number a size stands for. Throws a GraphError where a name is not bound. */
export function evaluateSize(size: Size, binding: SizeBinding): number {
  if (typeof size === "number") return size;
  return size.terms.reduce((sum, t) => {
    return sum + t.factors.reduce((product, f) => product * evaluateFactor(f, binding), t.times);
  }, size.plus);
}

function evaluateFactor(f: Factor, binding: SizeBinding): number {
  if (f.kind === "floorDiv") return Math.floor(evaluateSize(f.of, binding) / evaluateSize(f.by, binding));
  const value = binding[f.name];
  if (value === undefined) throw new GraphError(`size: "${f.name}" is not bound to a number`);
  return value;
}

/** `2*batch+1`, `floor(batch/2)`; `parseSize` reads it back. */
export function printSize(size: Size): string {
  return typeof size === "number" ? String(size) : size.text;
}

/** `[batch,784]`. */
export function printShape(shape: readonly Size[]): string {
  return `[${shape.map(printSize).join(",")}]`;
}

/** A size that may be text, as users write one that stands alone. Throws a GraphError as `parseSize` does. */
export function toSize(size: Size | string): Size {
  return typeof size === "string" ? parseSize(size) : size;
}

/** Reads what `printSize` wrote. Throws a GraphError with the position of what it does not understand. */
export function parseSize(text: string): Size {
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    const found = new RegExp(pattern.source, "y");
    found.lastIndex = at;
    const hit = found.exec(text);
    if (hit) at += hit[0].length;
    return hit ? hit[0] : null;
  };
  const fail = (): never => {
    throw new GraphError(`size: "${text}" does not parse at column ${at + 1}`);
  };
  const factor = (): Size => {
    if (take(/floor\(/)) {
      const of = sum();
      if (!take(/\//)) fail();
      const by = factor();
      if (!take(/\)/)) fail();
      return floorDivSize(of, by);
    }
    if (take(/\(/)) {
      const inner = sum();
      return take(/\)/) ? inner : fail();
    }
    const word = take(/-?\d+|[A-Za-z_]\w*/) ?? fail();
    return /^-?\d/.test(word) ? Number(word) : namedSize(word);
  };
  const product = (): Size => {
    let value = factor();
    while (take(/\*/)) value = mulSizes(value, factor());
    return value;
  };
  const sum = (): Size => {
    let value = product();
    for (;;) {
      if (take(/\+/)) value = addSizes(value, product());
      else if (take(/-(?=[\w(])/)) value = subSizes(value, product());
      else return value;
    }
  };
  const size = sum();
  return at === text.length ? size : fail();
}

type Terms = SizeExpr["terms"];

function split(size: Size): { terms: Terms; plus: number } {
  return typeof size === "number" ? { terms: [], plus: size } : size;
}

function allTerms(size: Size): Terms {
  const { terms, plus } = split(size);
  return plus === 0 ? terms : [...terms, { times: plus, factors: [] }];
}

function fromTerms(terms: Terms): Size {
  const constants = terms.filter((t) => t.factors.length === 0);
  return canonical(
    terms.filter((t) => t.factors.length > 0),
    constants.reduce((sum, t) => sum + t.times, 0),
  );
}

function canonical(terms: Terms, plus: number): Size {
  const byKey = new Map<string, { times: number; factors: readonly Factor[] }>();
  for (const t of terms) {
    const factors = [...t.factors].sort((a, b) => (printFactor(a) < printFactor(b) ? -1 : 1));
    const key = factors.map(printFactor).join("*");
    byKey.set(key, { times: (byKey.get(key)?.times ?? 0) + t.times, factors });
  }
  const kept = [...byKey].filter(([, t]) => t.times !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kept.length === 0) return plus;
  const parts = kept.map(([key, t]) => (t.times === 1 ? key : `${t.times}*${key}`));
  if (plus !== 0) parts.push(String(plus));
  const text = parts.join("+").replaceAll("+-", "-");
  return { kind: "size", terms: kept.map(([, t]) => t), plus, text };
}

function printFactor(f: Factor): string {
  if (f.kind === "name") return f.name;
  const by = typeof f.by === "number" || /^\w+$/.test(f.by.text) ? printSize(f.by) : `(${f.by.text})`;
  return `floor(${f.of.text}/${by})`;
}
