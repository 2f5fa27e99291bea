// Labels of nodes: the op, what it is given beside tensors, its type. HTML-like labels of Graphviz.
import type { TypedArray } from "#ir/dtype.js";
import { isGraph } from "#ir/graph.js";
import type { Attrs, Node } from "#ir/node.js";
import { printNumber } from "#ir/number-text.js";
import { constant } from "#ir/ops/leaves.js";
import { nameOfLeaf, printAttrs } from "#ir/print-graph.js";
import { printType } from "#ir/type.js";
import type { Paint } from "./palette.js";
import { paints, ink, type Role } from "./palette.js";

const longestAttrs = 34;

/** The number that a node is a copy of everywhere; null where it is not one number. */
export function numberIn(node: Node): string | null {
  if (node.op === (constant as unknown)) {
    const { value, dtype } = node.attrs as { value: number | TypedArray; dtype: "f32" };
    return typeof value === "number" ? printNumber(value, dtype) : null;
  }
  const [only, ...others] = node.operands;
  // A view of one number shows that number everywhere.
  return only && others.length === 0 && isSpread(node) ? numberIn(only.node) : null;
}

/** Whether the node only repeats a scalar: its attributes are a shape and the axes it comes from. */
function isSpread(node: Node): boolean {
  return node.operands[0]!.type.shape.length === 0 && "shape" in node.attrs && "axes" in node.attrs;
}

/** The label of a node as Graphviz's HTML. */
export function labelOf(node: Node, role: Role): string {
  const paint = paints[role];
  const type = node.results.map((value) => printType(value.type)).join("  ");
  const head = role === "input" || role === "parameter" ? nameOfLeaf(node) : headOf(node);
  const note = role === "input" || role === "parameter" ? "" : noteOf(node.attrs, role);
  return html([
    `<b>${escape(head)}</b>${note ? `&#160;&#160;<font color="${faintOn(paint)}" point-size="9">${escape(note)}</font>` : ""}`,
    `<font color="${faintOn(paint)}" point-size="10">${escape(type)}</font>`,
  ]);
}

/** `sub`, or `mul 0.01 · x` where one operand is a number that is not drawn as a node of its own. */
function headOf(node: Node): string {
  if (node.op === (constant as unknown)) return numberIn(node) ?? "constant";
  const numbers = node.operands.map((value) => numberIn(value.node));
  if (numbers.every((number) => number === null)) return node.op.name;
  return `${node.op.name} ${numbers.map((number) => number ?? "·").join(", ")}`;
}

function noteOf(attrs: Attrs, role: Role): string {
  // A shape is shown by the type; a constant's numbers are its head.
  if (role === "constant") return "";
  const shown = Object.fromEntries(
    Object.entries(attrs).filter(([key, x]) => key !== "shape" && x !== false && !isGraph(x)),
  );
  const text = printAttrs(shown).replace(/^\{|\}$/g, "");
  return text.length > longestAttrs ? `${text.slice(0, longestAttrs - 1)}…` : text;
}

/** Lines of HTML as a label. */
export function html(lines: readonly string[], align: "center" | "left" = "center"): string {
  const end = `<br align="${align}"/>`;
  return `<${lines.join(end)}${align === "left" ? end : ""}>`;
}

/** Plain text inside an HTML label. */
export function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function faintOn(paint: Paint): string {
  return paint.text === "#ffffff" ? "#dbe8f6" : ink.faint;
}
