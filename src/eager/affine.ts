// Index expressions as sums of variables times numbers. Quotients that do not cancel stay as terms of their own, so that
// `n·(x div n) + x mod n` becomes x: this is what finds out that a reshape is a view.
import type { Expr } from "#ir/expr.js";

/** `plus + Σ times · atom`; the terms are keyed by what their atom prints as. */
export interface Affine {
  readonly plus: number;
  readonly terms: ReadonlyMap<string, Term>;
}

/** An index variable with `0 ≤ value < extent`, or the floor of a quotient. */
export type Atom =
  | { readonly kind: "variable"; readonly name: string; readonly extent: number }
  | { readonly kind: "quotient"; readonly of: Affine; readonly by: number };

interface Term {
  readonly times: number;
  readonly atom: Atom;
}

/** A number. */
export function affine(plus: number): Affine {
  return { plus, terms: new Map() };
}

/** `a + times · b`. */
export function addScaled(a: Affine, b: Affine, times: number): Affine {
  if (times === 0) return a;
  const terms = new Map(a.terms);
  for (const [key, term] of b.terms) {
    const sum = (terms.get(key)?.times ?? 0) + times * term.times;
    if (sum === 0) terms.delete(key);
    else terms.set(key, { atom: term.atom, times: sum });
  }
  return { plus: a.plus + times * b.plus, terms };
}

/** The i32 expression as an affine form; null where it reads, selects or multiplies variables. */
export function affineOf(x: Expr): Affine | null {
  if (x.kind === "literal") return affine(x.value);
  if (x.kind === "local") return x.extent === undefined ? null : variable(x.name, x.extent);
  if (x.kind !== "call" || x.dtype !== "i32") return null;
  const args = x.args.map(affineOf);
  const [a, b] = args;
  if (!a || args.includes(null)) return null;
  if (x.fn === "neg") return addScaled(affine(0), a, -1);
  if (!b) return null;
  const [left, right] = [numberOf(a), numberOf(b)];
  switch (x.fn) {
    case "add":
      return addScaled(a, b, 1);
    case "sub":
      return addScaled(a, b, -1);
    case "mul":
      if (right !== null) return addScaled(affine(0), a, right);
      return left !== null ? addScaled(affine(0), b, left) : null;
    case "floorDiv":
      return right !== null && right > 0 ? divide(a, right) : null;
    case "floorMod":
      return right !== null && right > 0 ? addScaled(a, divide(a, right), -right) : null;
    default:
      return null;
  }
}

function variable(name: string, extent: number): Affine {
  if (extent <= 1) return affine(0);
  return { plus: 0, terms: new Map([[name, { times: 1, atom: { kind: "variable", name, extent } }]]) };
}

function numberOf(x: Affine): number | null {
  return x.terms.size === 0 ? x.plus : null;
}

/** `floor(x / by)`: what `by` divides comes out, what cannot reach 1 vanishes, common factors cancel, quotients nest. */
function divide(x: Affine, by: number): Affine {
  const whole = filterTerms(x, (times) => times % by === 0);
  const quotient: Affine = { plus: Math.floor(x.plus / by), terms: scaledDown(whole, by) };
  const rest: Affine = { plus: x.plus - by * quotient.plus, terms: filterTerms(x, (times) => times % by !== 0) };
  return addScaled(quotient, divideRest(rest, by), 1);
}

function divideRest(x: Affine, by: number): Affine {
  const [low, high] = rangeOf(x);
  if (Math.floor(low / by) === Math.floor(high / by)) return affine(Math.floor(low / by));
  const terms = [...x.terms.values()];
  // floor((c·y + r) / (c·m)) = floor(y / m) where 0 ≤ r < c
  for (const c of terms.map((t) => Math.abs(t.times)).sort((a, b) => b - a)) {
    if (c <= 1 || by % c !== 0) continue;
    const large = filterTerms(x, (times) => times % c === 0);
    const plus = Math.floor(x.plus / c);
    const small: Affine = { plus: x.plus - c * plus, terms: filterTerms(x, (times) => times % c !== 0) };
    const [from, to] = rangeOf(small);
    if (from >= 0 && to < c) return divide({ plus, terms: scaledDown(large, c) }, by / c);
  }
  // floor((floor(y / n) + k) / m) = floor((y + k·n) / (n·m))
  const only = terms.length === 1 && terms[0]!.times === 1 ? terms[0]!.atom : null;
  if (only?.kind === "quotient")
    return divide({ plus: only.of.plus + x.plus * only.by, terms: only.of.terms }, only.by * by);
  const atom: Atom = { kind: "quotient", of: x, by };
  return { plus: 0, terms: new Map([[printAtom(atom), { times: 1, atom }]]) };
}

function filterTerms(x: Affine, keep: (times: number) => boolean): Map<string, Term> {
  return new Map([...x.terms].filter(([, term]) => keep(term.times)));
}

function scaledDown(terms: ReadonlyMap<string, Term>, by: number): Map<string, Term> {
  return new Map([...terms].map(([key, term]) => [key, { ...term, times: term.times / by }]));
}

/** Inclusive bounds, with every variable on its own. */
function rangeOf(x: Affine): readonly [number, number] {
  let [low, high] = [x.plus, x.plus];
  for (const { times, atom } of x.terms.values()) {
    const [from, to] =
      atom.kind === "variable" ? [0, atom.extent - 1] : rangeOf(atom.of).map((n) => Math.floor(n / atom.by));
    low += Math.min(times * from!, times * to!);
    high += Math.max(times * from!, times * to!);
  }
  return [low, high];
}

function printAtom(atom: Atom): string {
  if (atom.kind === "variable") return atom.name;
  const terms = [...atom.of.terms].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, term]) => `${term.times}*${key}`);
  return `(${[...terms, atom.of.plus].join("+")})/${atom.by}`;
}
