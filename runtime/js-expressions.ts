// Scalar expressions as JavaScript. Bools are booleans, u8 and i32 are integers in range, f32 are doubles already rounded.
import { type DType, isFloat } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import { type Call, type Expr, type Literal, rangeOf } from "#ir/expr.js";
import type { Transcendental } from "#ir/scalar.js";
import { partsOf, sharedParts } from "#ir/subexpressions.js";
import { isTranscendental } from "./expand-calls.js";

/** A transcendental function that printed text calls: `exp_f32`. */
export interface JsCall {
  readonly name: string;
  readonly fn: Transcendental;
  readonly dtype: DType;
  readonly arity: number;
}

/** A piece of text and how tightly it binds: 20 is an atom, then as in JavaScript's table of precedence. */
interface Text {
  readonly text: string;
  readonly level: number;
}

const atom = (text: string): Text => ({ text, level: 20 });
const [unary, times, plus, shift, order, equality, bitAnd, bitXor, bitOr, logicalAnd, logicalOr, ternary] = [
  14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
];
const operators = {
  add: ["+", plus], sub: ["-", plus], mul: ["*", times], div: ["/", times],
  lt: ["<", order], le: ["<=", order], gt: [">", order], ge: [">=", order], eq: ["===", equality], ne: ["!==", equality],
  and: ["&&", logicalAnd], or: ["||", logicalOr],
  xor: ["^", bitXor], shiftLeft: ["<<", shift], shiftRight: [">>>", shift],
} as const; // prettier-ignore

/** Prints expressions, and remembers the names in use and the functions called. */
export class JsExpressions {
  /** Transcendental functions that the text calls, by name. */
  readonly calls = new Map<string, JsCall>();
  readonly #names = new Map<string, string>();
  readonly #arrays = new Set<string>();
  readonly #taken = new Map<string, number>();
  #shared = new Map<Expr, string>();
  #nextShared = 0;

  /** A JavaScript name for a buffer or a local; blocks that reuse a name reuse it here. */
  declare(name: string): string {
    const known = this.#names.get(name);
    return known !== undefined && !this.#arrays.has(name) ? known : this.#fresh(name);
  }

  /** A JavaScript name for a scratch array: a new one each time, since all stand at the head of the function. */
  declareArray(name: string): string {
    this.#arrays.add(name);
    return this.#fresh(name);
  }

  #fresh(name: string): string {
    const plain = /^[A-Za-z]\w*$/.test(name) && !reserved.has(name) ? name : `_${name.replace(/\W/g, "_")}`;
    const times = this.#taken.get(plain) ?? 0;
    this.#taken.set(plain, times + 1);
    const unique = times === 0 ? plain : `${plain}$${times}`;
    this.#names.set(name, unique);
    return unique;
  }

  nameOf(name: string): string {
    const known = this.#names.get(name);
    if (known === undefined) throw new InternalError(`js: nothing has named ${name}`);
    return known;
  }

  /** The expressions of one statement; `lines` name what they share. */
  print(roots: readonly Expr[]): { readonly lines: readonly string[]; readonly texts: readonly string[] } {
    const shared = sharedParts(roots);
    const lines: string[] = [];
    const seen = new Set<Expr>();
    this.#shared = new Map();
    const visit = (x: Expr): void => {
      if (seen.has(x)) return;
      seen.add(x);
      partsOf(x).forEach(visit);
      if (!shared.has(x)) return;
      const { text } = this.#text(x);
      const name = `$${this.#nextShared++}`;
      lines.push(`const ${name} = ${text};`);
      this.#shared.set(x, name);
    };
    roots.forEach(visit);
    return { lines, texts: roots.map((x) => this.#text(x).text) };
  }

  #text(x: Expr): Text {
    const shared = this.#shared.get(x);
    if (shared) return atom(shared);
    switch (x.kind) {
      case "literal":
        return literalText(x);
      case "local":
        return atom(this.nameOf(x.name));
      case "load": {
        const element = `${this.nameOf(x.buffer)}[${this.#text(x.offset).text}]`;
        return x.dtype === "bool" ? { text: `${element} !== 0`, level: equality } : atom(element);
      }
      case "call":
        return this.#call(x);
      default:
        throw new InternalError(`js: a "${x.kind}" is left`);
    }
  }

  #call(x: Call): Text {
    if (isTranscendental(x)) {
      const name = `${x.fn}_${x.dtype}`;
      this.calls.set(name, { name, fn: x.fn, dtype: x.dtype, arity: x.args.length });
      return this.#apply(name, x.args);
    }
    const raw = this.#raw(x);
    if (!rounds.has(x.fn)) return raw;
    if (isFloat(x.dtype) && (x.fn === "neg" || x.fn === "abs")) return raw;
    if (x.dtype === "f32") return atom(`Math.fround(${raw.text})`);
    if (x.dtype === "u8") return { text: `${paren(raw, bitAnd)} & 255`, level: bitAnd };
    if (x.dtype === "i32" && !staysInside(x)) return { text: `${paren(raw, bitOr)} | 0`, level: bitOr };
    return raw;
  }

  /** The operation in doubles (i32 products excepted), before it is rounded or wrapped to the dtype. */
  #raw(x: Call): Text {
    const [a, b, c] = x.args as [Expr, Expr, Expr];
    switch (x.fn) {
      case "minimum":
      case "maximum":
        if (x.dtype === "bool") return this.#infix(x.fn === "minimum" ? "and" : "or", a, b);
        return this.#apply(x.fn === "minimum" ? "Math.min" : "Math.max", x.args);
      case "mul":
        return x.dtype === "i32" && !staysInside(x) ? this.#apply("Math.imul", x.args) : this.#infix("mul", a, b);
      case "floorDiv":
        return plainDivision(x)
          ? { text: `${this.#infix("div", a, b).text} | 0`, level: bitOr }
          : this.#apply("floorDiv", x.args);
      case "floorMod":
        if (plainDivision(x)) return { text: `${this.#in(a, times)} % ${this.#in(b, times + 1)}`, level: times };
        return this.#apply("floorMod", x.args);
      case "neg":
        return { text: `-${this.#in(a, unary + 1)}`, level: unary };
      case "not":
        return { text: `!${this.#in(a, unary)}`, level: unary };
      case "select":
        return {
          text: `${this.#in(a, ternary + 1)} ? ${this.#in(b, ternary)} : ${this.#in(c, ternary)}`,
          level: ternary,
        };
      case "round":
        return this.#apply("roundEven", x.args);
      case "abs":
      case "sign":
      case "sqrt":
      case "floor":
      case "ceil":
      case "trunc":
        return this.#apply(`Math.${x.fn}`, x.args);
      case "mod":
      case "exp2i":
      case "scale2":
      case "copySign":
      case "exponent":
      case "mantissa":
        return this.#apply(x.fn, x.args);
      case "toBool":
        return { text: `${this.#in(a, equality)} !== 0`, level: equality };
      case "toF32":
      case "toF64":
      case "toI32":
      case "toU8":
        if (a.dtype === "bool") return { text: `${this.#in(a, ternary + 1)} ? 1 : 0`, level: ternary };
        return isFloat(a.dtype) && !isFloat(x.dtype) ? this.#apply("toInt", x.args) : this.#text(a);
      default:
        if (x.fn in operators) return this.#infix(x.fn as keyof typeof operators, a, b);
        throw new InternalError(`js: ${x.fn} is not a scalar function`);
    }
  }

  #infix(fn: keyof typeof operators, a: Expr, b: Expr): Text {
    const [symbol, level] = operators[fn];
    return { text: `${this.#in(a, level)} ${symbol} ${this.#in(b, level + 1)}`, level };
  }

  #apply(name: string, args: readonly Expr[]): Text {
    return atom(`${name}(${args.map((arg) => this.#text(arg).text).join(", ")})`);
  }

  #in(x: Expr, level: number): string {
    return paren(this.#text(x), level);
  }
}

const paren = ({ text, level }: Text, least: number): string => (level < least ? `(${text})` : text);

/** Functions whose result in doubles may need rounding or wrapping. */
const rounds: ReadonlySet<string> = new Set([
  "add", "sub", "mul", "div", "mod", "neg", "abs", "sqrt", "toF32", "toU8", "floorDiv", "floorMod", "shiftRight", "scale2",
]); // prettier-ignore

/** Whether an i32 result is known not to wrap, nor to be a negative zero, from the ranges of its arguments. */
function staysInside(x: Call): boolean {
  if (x.fn === "floorDiv" || x.fn === "floorMod") return true;
  if (x.fn === "shiftRight") return rangeOf(x) !== null;
  const ranges = [x, ...x.args].map(rangeOf);
  const inside = ranges.every((r) => r !== null && r[0] >= -(2 ** 31) && r[1] < 2 ** 31);
  return (
    inside && (x.fn === "add" || x.fn === "sub" || (x.fn === "mul" && x.args.every((arg) => rangeOf(arg)![0] >= 0)))
  );
}

/** Whether a division by a positive literal rounds towards zero as towards −∞. */
function plainDivision({ args, dtype }: Call): boolean {
  const [a, by] = args as [Expr, Expr];
  if (by.kind !== "literal" || by.value <= 0) return false;
  return dtype === "u8" || (rangeOf(a)?.[0] ?? -1) >= 0;
}

function literalText({ dtype, value }: Literal): Text {
  if (dtype === "bool") return atom(value ? "true" : "false");
  const negative = value < 0 || Object.is(value, -0);
  return { text: Object.is(value, -0) ? "-0" : String(value), level: negative ? unary : 20 };
}

/** Words that cannot name a variable, or would hide what the text calls. */
const reserved = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
   finally for function if implements import in instanceof interface let new null package private protected public return
   static super switch this throw true try typeof var void while with yield undefined NaN Infinity Math fail mod exp2i scale2 copySign
   exponent mantissa roundEven floorDiv floorMod toInt`.split(/\s+/),
);
