// Reads Graph text, the format that `print-graph.ts` writes. Types are stated and checked; errors name line and column.
import { Builder } from "./builder.js";
import { arrayOf, isDType, toDType, type DType } from "./dtype.js";
import type { Graph } from "./graph.js";
import type { Attr, Attrs, Node, Value } from "./node.js";
import { parseNumber, plainName } from "./number-text.js";
import type { AnyOp } from "./op.js";
import { constant, input, parameter } from "./ops/leaves.js";
import { opTable } from "./ops/table.js";
import { makeParameter } from "./parameter.js";
import { Scanner } from "./scanner.js";
import { parseSize, type Size } from "./size.js";
import { isConcrete, printType, sameType, tensorType, type TensorType } from "./type.js";

const namePattern = new RegExp(`"(?:[^"\\\\\\n]|\\\\.)*"|${plainName.source}`);
const valuePattern = new RegExp(`%(?:\\d+(?:\\.\\d+)?|${namePattern.source})`);

const subgraphPattern = new RegExp(`^graph\\s+(?:${namePattern.source})\\s*\\(`);

/**
 * The graph that a text describes, in a builder of its own; its parameters are new and start with zeros.
 * Throws ParseError with line, column and what was expected; also where a stated type is not the inferred one.
 */
export function parseGraph(text: string): Graph {
  const scan = new Scanner(text);
  const graph = new GraphReader(scan).read();
  if (scan.at < scan.text.length) scan.fail("expected the end of the text after the graph");
  return graph;
}

class GraphReader {
  readonly #values = new Map<string, Value>();
  readonly #inputs: Node[] = [];
  readonly #parameters: Node[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #updates = new Map<Node, Value>();
  readonly #effects: Node[] = [];
  #builder = new Builder("graph");

  constructor(readonly scan: Scanner) {}

  read(): Graph {
    const { scan } = this;
    scan.symbol("graph");
    const name = this.#name("the name of the graph");
    this.#builder = new Builder(name);
    // Origins would be lines of whoever called the parser.
    this.#builder.inherit([], () => {
      scan.list("(", () => this.#declaration(), ")");
      scan.symbol("{");
      while (!scan.skip("}")) this.#statement();
    });
    const [inputs, parameters, outputs] = [this.#inputs, this.#parameters, this.#outputs];
    return {
      name,
      builder: this.#builder,
      inputs,
      parameters,
      outputs,
      updates: this.#updates,
      effects: this.#effects,
    };
  }

  #declaration(): void {
    const isParameter = this.scan.skip("param");
    const at = this.scan.at;
    const text = this.scan.expect(new RegExp(`%(?:${namePattern.source})`), "an input such as %x");
    const name = unquote(text.slice(1));
    this.scan.symbol(":");
    const typeAt = this.scan.at;
    const type = this.#type();
    if (!isParameter) {
      const attrs = { name, dtype: type.dtype, shape: type.shape };
      const results = this.#builder.apply(input as AnyOp, [], attrs);
      this.#inputs.push(results[0]!.node);
      this.#define(text.slice(1), results, at);
      return;
    }
    if (!isConcrete(type)) return this.scan.fail("a parameter has no named sizes", typeAt);
    const results = this.#builder.apply(parameter as AnyOp, [], { parameter: makeParameter(name, type) });
    this.#parameters.push(results[0]!.node);
    this.#define(text.slice(1), results, at);
  }

  #statement(): void {
    const { scan } = this;
    const at = scan.at;
    if (scan.skip("return")) return this.#output("return", at);
    if (scan.skip("output")) {
      const name = this.#name("the name of the output");
      scan.symbol("=");
      return this.#output(name, at);
    }
    if (scan.skip("update")) {
      const target = this.#value();
      if (!this.#parameters.includes(target.node)) scan.fail("only parameters are updated", at);
      scan.symbol("=");
      if (this.#updates.has(target.node)) scan.fail("the parameter is updated twice", at);
      this.#updates.set(target.node, this.#value());
      return;
    }
    if (scan.skip("effect")) {
      this.#effects.push(this.#value().node);
      return;
    }
    this.#assignment();
  }

  #output(name: string, at: number): void {
    if (this.#outputs.has(name)) this.scan.fail(`the output "${name}" is given twice`, at);
    this.#outputs.set(name, this.#value());
  }

  /** `%3:2 = op operands {attributes} : types`. */
  #assignment(): void {
    const { scan } = this;
    const at = scan.at;
    const what = 'a statement: "%0 = …", "return", "output", "update", "effect", or "}"';
    const target = scan.expect(/%\d+/, what).slice(1);
    const count = scan.skip(":") ? Number(scan.expect(/\d+/, "the number of results")) : 1;
    scan.symbol("=");
    const opAt = scan.at;
    const op = this.#op();
    const operands = scan.text[scan.at] === "%" ? this.#operands() : [];
    const attrs = scan.text[scan.at] === "{" ? (this.#record() as Attrs) : {};
    scan.symbol(":");
    const typesAt = scan.at;
    const types = [this.#type()];
    while (scan.skip(",")) types.push(this.#type());
    const results = scan.place(opAt, () => this.#apply(op, operands, attrs, types[0]!, opAt));
    const given = results.map((value) => printType(value.type)).join(", ");
    if (results.length !== types.length || results.some((value, i) => !sameType(value.type, types[i]!))) {
      scan.fail(`${op.name} gives ${given}, not ${types.map(printType).join(", ")}`, typesAt);
    }
    if (count !== results.length) scan.fail(`${op.name} has ${results.length} results, not ${count}`, at);
    this.#define(target, results, at);
  }

  #apply(op: AnyOp, operands: readonly Value[], attrs: Attrs, type: TensorType, at: number): readonly Value[] {
    const full = op === (constant as AnyOp) ? this.#constantAttrs(attrs, type, at) : attrs;
    const { length } = op.operands;
    const wrongCount = `${op.name} takes ${length} operand${length === 1 ? "" : "s"}, not ${operands.length}`;
    if (operands.length > length && !op.operands.at(-1)?.endsWith("…")) this.scan.fail(wrongCount, at);
    try {
      return this.#builder.apply(op, operands, full);
    } catch (error) {
      // `infer` trusts the number of operands and the types of attributes, which no type checker has seen here.
      if (!(error instanceof TypeError)) throw error;
      if (operands.length < length) this.scan.fail(wrongCount, at);
      return this.scan.fail(`${op.name} does not understand these attributes (${error.message})`, at);
    }
  }

  #constantAttrs(attrs: Attrs, { dtype, shape }: TensorType, at: number): Attrs {
    const { value } = attrs;
    if (typeof value === "number") return { value: toDType(dtype, value), dtype, shape };
    if (!Array.isArray(value) || value.some((x) => typeof x !== "number")) {
      return this.scan.fail("constant: expected {value=2} or {value=[1,2,3]}", at);
    }
    return { value: arrayOf(dtype, value as number[]), dtype, shape };
  }

  #op(): AnyOp {
    const at = this.scan.at;
    const name = this.scan.expect(/[A-Za-z]\w*/, "the name of an op");
    const op = opTable.get(name);
    if (!op) return this.scan.fail(`there is no op "${name}"`, at);
    if (op === (input as AnyOp) || op === (parameter as AnyOp))
      this.scan.fail(`an ${name} is declared in the head`, at);
    return op;
  }

  #operands(): Value[] {
    const values = [this.#value()];
    while (this.scan.skip(",")) values.push(this.#value());
    return values;
  }

  #value(): Value {
    const at = this.scan.at;
    const text = this.scan.expect(valuePattern, "a value such as %0");
    return this.#values.get(text.slice(1)) ?? this.scan.fail(`${text} is not defined above`, at);
  }

  #define(name: string, results: readonly Value[], at: number): void {
    for (const value of results) {
      const key = results.length === 1 ? name : `${name}.${value.index}`;
      if (this.#values.has(key)) this.scan.fail(`%${key} is defined twice`, at);
      this.#values.set(key, value);
    }
  }

  #name(what: string): string {
    return unquote(this.scan.expect(namePattern, what));
  }

  #type(): TensorType {
    const at = this.scan.at;
    const dtype = this.scan.expect(/[a-z]\w*/, "a type such as f32[2,3]");
    if (!isDType(dtype)) return this.scan.fail(`there is no dtype "${dtype}"`, at);
    return tensorType(
      dtype,
      this.scan.list("[", () => this.#size(), "]"),
    );
  }

  #size(): Size {
    const at = this.scan.at;
    const text = this.scan.expect(/[^\s,\]}]+/, "a size");
    return this.scan.place(at, () => parseSize(text));
  }

  #record(): Attr {
    const entries = this.scan.list(
      "{",
      (): [string, Attr] => {
        const key = this.scan.expect(/[A-Za-z_]\w*/, "the name of an attribute");
        this.scan.symbol("=");
        return [key, this.#attr()];
      },
      "}",
    );
    return Object.fromEntries(entries);
  }

  #attr(): Attr {
    const { scan } = this;
    const at = scan.at;
    const next = scan.text[at];
    if (next === "[") return scan.list("[", () => this.#attr(), "]");
    if (next === "{") return this.#record();
    if (subgraphPattern.test(scan.text.slice(at, at + 200))) return new GraphReader(scan).read();
    if (next === '"') return unquote(scan.expect(namePattern, "a string"));
    const dtype = scan.take(/(?:f32|f64|i32|bool|u8)(?=\[)/) as DType | null;
    if (dtype)
      return arrayOf(
        dtype,
        scan.list("[", () => this.#number(), "]"),
      );
    const word = scan.expect(/[^\s,\]}]+/, "the value of an attribute");
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    if (word.startsWith("#")) return scan.fail("this constant was printed without its numbers", at);
    return parseNumber(word) ?? scan.place(at, () => parseSize(word));
  }

  #number(): number {
    const at = this.scan.at;
    const word = this.scan.expect(/[^\s,\]}]+/, "a number");
    return parseNumber(word) ?? this.scan.fail(`"${word}" is not a number`, at);
  }
}

function unquote(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
