// What must hold of every graph, after every pass:
//
//  1. An operand is a result of its node, and its node was made earlier: its id is smaller.
//  2. Every node belongs to the graph's builder.
//  3. Equal nodes are one node (same op, operands and attributes).
//  4. A node has no more operands than its op names, and the result types that the op infers.
//  5. A constant holds numbers of its dtype.
//  6. `inputs` are input nodes and no two share a name; `parameters` are parameter nodes and no two share a parameter.
//  7. Every input and parameter that is read is listed.
//  8. An update's key is a listed parameter, and the new value has the parameter's type.
//  9. An effect has a result, by which it is named.
// 10. After `specialize`: no named size is left, in types or attributes.
// 11. A sub-graph is valid itself, and closed: it reads no parameters and has no updates and effects.
import { keyOf, type Builder } from "./builder.js";
import { arrayType, toDType, type DType, type TypedArray } from "./dtype.js";
import { InternalError } from "./errors.js";
import { isGraph, nodesOf, rootsOf, subgraphsOf, type Graph } from "./graph.js";
import type { Attr, Node, Parameter, Value } from "./node.js";
import { constant, input, parameter } from "./ops/leaves.js";
import { namesOfValues, printNode } from "./print-graph.js";
import { isConcrete, printType, sameType } from "./type.js";

export interface VerifyOptions {
  /** Demands invariant 10. */
  readonly concrete?: boolean;
}

/** Throws an InternalError that lists every broken invariant with the line of the guilty node. */
export function verifyGraph(graph: Graph, options: VerifyOptions = {}): void {
  const complaints = complaintsAbout(graph, options);
  if (complaints.length > 0) throw new InternalError(`graph ${graph.name} is not valid:\n${complaints.join("\n")}`);
}

/** The broken invariants, one entry each: number, sentence, and the printed node where there is one. */
export function complaintsAbout(graph: Graph, options: VerifyOptions = {}): readonly string[] {
  const found: { readonly invariant: number; readonly what: string; readonly node?: Node }[] = [];
  const keys = new Map<string, Node>();
  for (const node of nodesOf(graph)) {
    const complain = (invariant: number, what: string) => found.push({ invariant, what, node });
    checkOperands(node, complain);
    if (node.results[0] && node.results[0].owner !== graph.builder) complain(2, "it belongs to another builder");
    const key = `${node.op.name}(${node.operands.map((v) => `${v.node.id}.${v.index}`).join()})${keyOf(node.attrs)}`;
    const twin = keys.get(key);
    if (twin) complain(3, `it equals the node with id ${twin.id}`);
    keys.set(key, node);
    checkTypes(node, complain);
    if (isOp(node, constant)) checkConstant(node, complain);
    if (isOp(node, input) && !graph.inputs.includes(node)) complain(7, "this input is not listed");
    if (isOp(node, parameter) && !graph.parameters.includes(node)) complain(7, "this parameter is not listed");
    for (const [name, inner] of subgraphsOf(node)) checkSubgraph(name, inner, options, complain);
    if (options.concrete) {
      if (!node.results.every((value) => isConcrete(value.type))) complain(10, "its type has a named size");
      if (hasNamedSize(node.attrs)) complain(10, "its attributes have a named size");
    }
  }
  checkHead(graph, (invariant, what, node) => found.push({ invariant, what, node }));
  if (found.length === 0) return [];
  const names = namesOfValues(graph);
  return found.map(({ invariant, what, node }) => {
    return `  invariant ${invariant}: ${what}${node ? `\n    ${printNode(node, names)}` : ""}`;
  });
}

function checkSubgraph(name: string, inner: Graph, options: VerifyOptions, complain: Complain): void {
  const found = complaintsAbout(inner, options);
  if (found.length > 0) complain(11, `its ${name} is not valid:\n${found.join("\n")}`);
  if (inner.parameters.length + inner.updates.size + inner.effects.length > 0)
    complain(11, `its ${name} is not closed`);
}

type Complain = (invariant: number, what: string, node?: Node) => void;

function isOp(node: Node, op: unknown): boolean {
  return node.op === op;
}

function checkOperands(node: Node, complain: Complain): void {
  for (const value of node.operands) {
    if (value.node.results[value.index] !== value) complain(1, "an operand is not a result of its node");
    if (value.node.id >= node.id && sameOwner(value, node))
      complain(1, `its operand has the later id ${value.node.id}`);
  }
}

function sameOwner(value: Value, node: Node): boolean {
  return (value.owner as Builder) === node.results[0]?.owner;
}

function checkTypes(node: Node, complain: Complain): void {
  const { op, operands } = node;
  // Fewer are for `infer` to judge: some ops have operands that may be left out.
  const most = op.operands.at(-1)?.endsWith("…") ? Infinity : op.operands.length;
  if (operands.length > most) complain(4, `${op.name} takes ${op.operands.length} operands, not ${operands.length}`);
  try {
    const types = op.infer(
      operands.map((value) => value.type),
      node.attrs,
    );
    const same = types.length === node.results.length && types.every((t, i) => sameType(t, node.results[i]!.type));
    if (!same) complain(4, `${op.name} infers ${types.map(printType).join(", ")}`);
  } catch (error) {
    complain(4, (error as Error).message.split("\n")[0]!);
  }
}

function checkConstant(node: Node, complain: Complain): void {
  const { value, dtype } = node.attrs as { value: number | TypedArray; dtype: DType };
  if (typeof value === "number") {
    if (!Object.is(toDType(dtype, value), value)) complain(5, `${value} is not a number of ${dtype}`);
  } else if (!(value instanceof arrayType(dtype))) {
    complain(5, `${value.constructor.name} does not hold ${dtype}`);
  }
}

function checkHead(graph: Graph, complain: Complain): void {
  const names = new Set<string>();
  for (const node of graph.inputs) {
    const { name } = node.attrs as { name: string };
    if (!isOp(node, input)) complain(6, "a listed input is no input node", node);
    if (names.has(name)) complain(6, `two inputs are called ${name}`, node);
    names.add(name);
  }
  const seen = new Set<Parameter>();
  for (const node of graph.parameters) {
    const { parameter: held } = node.attrs as { parameter: Parameter };
    if (!isOp(node, parameter)) complain(6, "a listed parameter is no parameter node", node);
    if (seen.has(held)) complain(6, `the parameter ${held.name} is listed twice`, node);
    seen.add(held);
  }
  for (const [node, value] of graph.updates) {
    if (!graph.parameters.includes(node)) complain(8, "what is updated is not a listed parameter", node);
    const [is, was] = [value.type, node.results[0]!.type];
    if (!sameType(is, was)) complain(8, `its update has type ${printType(is)}`, node);
  }
  for (const node of graph.effects) if (node.results.length === 0) complain(9, "an effect has no result", node);
  for (const value of rootsOf(graph)) {
    if (value.owner !== graph.builder) complain(2, "a root belongs to another builder", value.node);
  }
}

function hasNamedSize(attr: Attr): boolean {
  if (typeof attr !== "object" || attr === null || ArrayBuffer.isView(attr)) return false;
  if (Array.isArray(attr)) return attr.some(hasNamedSize);
  const record = attr as { readonly [key: string]: Attr };
  if (record.kind === "parameter" || isGraph(attr)) return false;
  return record.kind === "size" || Object.values(record).some(hasNamedSize);
}
