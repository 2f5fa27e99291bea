// Expressions as text: `x[i * 4 + j] * 0.5 + max(y, 0)`. What is shared gets a name on a line of its own.
import type { Expr } from "./expr.js";
import { printNumber } from "./number-text.js";
import type { ScalarFn } from "./scalar.js";
import { partsOf, sharedParts } from "./subexpressions.js";

/** How infix functions are written and how tightly they bind. */
const infix: { readonly [F in ScalarFn]?: readonly [symbol: string, level: number] } = {
  mul: ["*", 6], div: ["/", 6], floorDiv: ["//", 6], floorMod: ["%", 6], add: ["+", 5], sub: ["-", 5],
  lt: ["<", 4], le: ["<=", 4], gt: [">", 4], ge: [">=", 4], eq: ["==", 3], ne: ["!=", 3], and: ["and", 2], or: ["or", 1],
}; // prettier-ignore

const casts: { readonly [F in ScalarFn]?: string } = {
  toF32: "f32",
  toF64: "f64",
  toI32: "i32",
  toBool: "bool",
  toU8: "u8",
};

/** Some expressions of one statement, and the lines that name what they share. */
export interface PrintedExprs {
  readonly lines: readonly string[];
  readonly texts: readonly string[];
}

/** Prints expressions together; shared parts are named `$1`, `$2` … in lines before them. */
export function printExprs(roots: readonly Expr[]): PrintedExprs {
  const shared = sharedParts(roots);
  const names = new Map<Expr, string>();
  const lines: string[] = [];
  const visit = (x: Expr): void => {
    if (names.has(x)) return;
    partsOf(x).forEach(visit);
    if (!shared.has(x)) return;
    const line = printInfix(x, names).text;
    names.set(x, `$${lines.length + 1}`);
    lines.push(`${names.get(x)} = ${line}`);
  };
  roots.forEach(visit);
  return { lines, texts: roots.map((x) => printInfix(x, names).text) };
}

/** One expression on one line. Shared parts are repeated, so it is for short ones. */
export function printExpr(x: Expr): string {
  return printInfix(x, new Map()).text;
}

interface Text {
  readonly text: string;
  readonly level: number;
}

const atom = (text: string): Text => ({ text, level: 9 });

function printInfix(x: Expr, names: ReadonlyMap<Expr, string>): Text {
  const name = names.get(x);
  if (name) return atom(name);
  const inner = (e: Expr): string => printInfix(e, names).text;
  switch (x.kind) {
    case "literal":
      if (x.dtype === "bool") return atom(x.value ? "true" : "false");
      return { text: printNumber(x.value, x.dtype), level: x.value < 0 ? 7 : 9 };
    case "local":
      return atom(x.name);
    case "load":
      return atom(`${x.buffer}[${inner(x.offset)}]`);
    case "read":
      return atom(`operand${x.operand}[${x.index.map(inner).join(", ")}]`);
    case "reduce":
      return atom(`${x.fn}(${x.over.name} < ${x.over.extent}: ${inner(x.body)})`);
    case "bounded":
      return atom(`bounded(${inner(x.value)}, ${x.extent})`);
    case "call": {
      const symbol = infix[x.fn];
      if (!symbol || x.args.length !== 2) return atom(`${casts[x.fn] ?? x.fn}(${x.args.map(inner).join(", ")})`);
      const [a, b] = x.args.map((arg) => printInfix(arg, names)) as [Text, Text];
      const left = a.level < symbol[1] ? `(${a.text})` : a.text;
      const right = b.level <= symbol[1] ? `(${b.text})` : b.text;
      return { text: `${left} ${symbol[0]} ${right}`, level: symbol[1] };
    }
  }
}
