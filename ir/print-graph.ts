// Graph text: one node a line, numbered in evaluation order, so that equal graphs print equally and diffs are small.
// `parse-graph.ts` reads it back.
import { arrayType, dtypes, type DType, type TypedArray } from "./dtype.js";
import { printOrigin } from "./errors.js";
import { isGraph, nodesOf, type Graph } from "./graph.js";
import type { Attr, Attrs, Node, Parameter, Value } from "./node.js";
import { printName, printNumber, reservedWords } from "./number-text.js";
import { constant, input, parameter } from "./ops/leaves.js";
import { printType } from "./type.js";
import type { SizeExpr } from "./size.js";

export interface PrintOptions {
  /** Adds a comment with the user's lines and scopes to every node. */
  readonly origins?: boolean;
  /** The longest constant that is written out, in elements; longer ones print as `#1000` and do not parse. 256 if not said. */
  readonly constants?: number;
}

const headWidth = 110;
const commentColumn = 50;

/** The text of a graph, without a newline at the end. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const names = namesOfValues(graph);
  const lines = [printHead(graph, names)];
  for (const node of nodesOf(graph)) {
    if (isHead(node)) continue;
    const line = `  ${printNode(node, names, options)}`;
    const comment = options.origins ? commentOf(graph, node) : "";
    lines.push(comment ? `${line.padEnd(commentColumn - 2)}  // ${comment}` : line);
  }
  const name = (value: Value) => names.get(value) ?? "%?";
  const only = graph.updates.size + graph.effects.length === 0 && graph.outputs.size === 1;
  for (const [key, value] of graph.outputs) {
    lines.push(only && key === "return" ? `  return ${name(value)}` : `  output ${printName(key)} = ${name(value)}`);
  }
  for (const [node, value] of graph.updates) lines.push(`  update ${name(node.results[0]!)} = ${name(value)}`);
  for (const node of graph.effects) lines.push(`  effect ${name(node.results[0]!)}`);
  return [...lines, "}"].join("\n");
}

/** What every value of the graph is called in its text: `%x`, `%3`, `%3.1`. */
export function namesOfValues(graph: Graph): ReadonlyMap<Value, string> {
  const names = new Map<Value, string>();
  const used = new Set<string>();
  let next = 0;
  for (const node of nodesOf(graph)) {
    if (isHead(node)) names.set(node.results[0]!, `%${printName(unique(nameOfLeaf(node), used))}`);
    else if (node.results.length === 1) names.set(node.results[0]!, `%${next++}`);
    else {
      for (const value of node.results) names.set(value, `%${next}.${value.index}`);
      next++;
    }
  }
  return names;
}

/** The line of one node: `%2 = add %0, %1 : f32[4,2]`. */
export function printNode(node: Node, names: ReadonlyMap<Value, string>, options: PrintOptions = {}): string {
  const count = node.results.length;
  const first = node.results[0] && names.get(node.results[0]);
  const target = count === 1 ? (first ?? "%?") : `${first?.replace(/\.0$/, "") ?? "%?"}:${count}`;
  const operands = node.operands.map((value) => names.get(value) ?? "%?").join(", ");
  const attrs = node.op === (constant as unknown) ? constantAttrs(node, options) : printAttrs(node.attrs);
  const types = node.results.map((value) => printType(value.type)).join(", ");
  return [`${target} =`, node.op.name, operands, attrs, ":", types].filter((part) => part !== "").join(" ");
}

/** Attributes as they stand in the text, `{axes=[1], keepDims=false}`; empty where there are none. */
export function printAttrs(attrs: Attrs): string {
  const entries = Object.entries(attrs).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? "" : `{${entries.map(([key, value]) => `${key}=${printAttr(value)}`).join(", ")}}`;
}

/** The name of an input or parameter node. */
export function nameOfLeaf(node: Pick<Node, "attrs">): string {
  const { name, parameter } = node.attrs as { name?: string; parameter?: Parameter };
  return parameter?.name ?? name ?? "?";
}

function isHead(node: Node): boolean {
  return node.op === (input as unknown) || node.op === (parameter as unknown);
}

function printHead(graph: Graph, names: ReadonlyMap<Value, string>): string {
  const declare = (node: Node) => {
    const value = node.results[0]!;
    return `${names.get(value)}: ${printType(value.type)}`;
  };
  const all = [...graph.inputs.map(declare), ...graph.parameters.map((node) => `param ${declare(node)}`)];
  const line = `graph ${printName(graph.name)}(${all.join(", ")}) {`;
  if (line.length <= headWidth) return line;
  return [`graph ${printName(graph.name)}(`, ...all.map((x) => `    ${x},`), ") {"].join("\n");
}

function unique(name: string, used: Set<string>): string {
  let candidate = name;
  for (let n = 2; used.has(candidate); n++) candidate = `${name}#${n}`;
  used.add(candidate);
  return candidate;
}

function commentOf(graph: Graph, node: Node): string {
  const origins = graph.builder.originsOf(node);
  return origins.map((x) => [printOrigin(x), x.scope].filter((part) => part !== "").join("  ")).join("; ");
}

/** Dtype and shape of a constant are its type, which the line states anyway. */
function constantAttrs(node: Node, options: PrintOptions): string {
  const { value, dtype } = node.attrs as { value: number | TypedArray; dtype: DType };
  if (typeof value === "number") return `{value=${printNumber(value, dtype)}}`;
  if (value.length > (options.constants ?? 256)) return `{value=#${value.length}}`;
  return `{value=[${Array.from(value, (x) => printNumber(x, dtype)).join(",")}]}`;
}

function printAttr(attr: Attr): string {
  if (typeof attr === "number") return printNumber(attr);
  if (typeof attr === "string") return JSON.stringify(attr);
  if (typeof attr !== "object" || attr === null) return String(attr);
  if (Array.isArray(attr)) return `[${attr.map(printAttr).join(",")}]`;
  if (ArrayBuffer.isView(attr)) {
    const dtype = dtypes.find((d) => attr instanceof arrayType(d))!;
    return `${dtype}[${Array.from(attr as TypedArray, (x) => printNumber(x, dtype)).join(",")}]`;
  }
  // The lines of a sub-graph stand further in than that of its node.
  if (isGraph(attr)) return printGraph(attr).replaceAll("\n", "\n    ");
  const record = attr as Attrs;
  if (record.kind === "size") {
    const { text } = attr as SizeExpr;
    return reservedWords.has(text) ? `(${text})` : text;
  }
  // Only a complaint shows one: parameters are declared in the head.
  if (record.kind === "parameter") return `%${printName((attr as Parameter).name)}`;
  return printAttrs(record) || "{}";
}
