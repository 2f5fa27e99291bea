// A graph as a picture: a box per node coloured by role, arrows along values, name scopes, groups or launches as frames.
// Leaves, and views where they are never computed, are drawn once for every frame that reads them: what a frame needs
// stands beside it, and no arrow crosses the whole picture.
import type { Graph } from "#ir/graph.js";
import { nodesOf, subgraphsOf } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { nameOfLeaf } from "#ir/print-graph.js";
import { printType } from "#ir/type.js";
import {
  Digraph,
  type GraphBaseModel,
  type NodeAttributesObject,
  type NodeModel,
  type RootGraphModel,
} from "ts-graphviz";
import { escape, html, labelOf, numberIn } from "./labels.js";
import { fontName, ink, paints, type Role, rolesOf, tints } from "./palette.js";

/** A frame around nodes. */
export interface Frame {
  /** Frames of one key are one. */
  readonly key: string;
  readonly title: string;
  /** A second, fainter line. */
  readonly note?: string;
  /** The frame around this one. */
  readonly inside?: Frame;
}

export interface PictureOptions {
  /** Shown above the picture, and a fainter line under it. */
  readonly title: string;
  readonly note: string;
  /** The frame of a node; undefined outside all. */
  readonly frameOf: (node: Node) => Frame | undefined;
  /** Whether every frame that reads the node shows a box of its own for it; leaves are always drawn so. */
  readonly repeated?: (node: Node) => boolean;
}

/** The picture of a graph; numbers that ops are given stand in the ops' boxes. */
export function graphPicture(graph: Graph, options: PictureOptions): RootGraphModel {
  const drawing = new Drawing(canvas(graph.name, options.title, options.note), null, graph, options);
  drawing.all();
  for (const [name, value] of graph.outputs) drawing.terminal(name, value, "output");
  for (const [target, value] of graph.updates) drawing.terminal(nameOfLeaf(target), value, "update");
  return drawing.picture;
}

/** An empty picture with a title and the looks that all pictures share. */
export function canvas(name: string, title: string, note: string): RootGraphModel {
  const picture = new Digraph(name);
  picture.apply({
    label: html([
      `<b><font point-size="16" color="${ink.title}">${escape(title)}</font></b>`,
      `<font point-size="4"> </font>`,
      `<font point-size="11" color="${ink.faint}">${escape(note)}</font>`,
      `<font point-size="8"> </font>`,
    ]),
    labelloc: "t",
    fontname: fontName,
    bgcolor: "white",
    rankdir: "TB",
    nodesep: 0.25,
    ranksep: 0.35,
    pad: 0.3,
  });
  picture.attributes.node.apply({ fontname: fontName, fontsize: 12, shape: "box", penwidth: 1.1, margin: "0.12,0.06" });
  picture.attributes.edge.apply({ fontname: fontName, fontsize: 9, color: ink.edge, arrowsize: 0.6, penwidth: 1 });
  return picture;
}

class Drawing {
  readonly #roleOf: (node: Node) => Role;
  readonly #roots: ReadonlySet<Node>;
  readonly #frames = new Map<string, GraphBaseModel>();
  readonly #boxes = new Map<string, NodeModel>();

  readonly #graph: Graph;
  readonly #options: PictureOptions;
  readonly #place: GraphBaseModel;

  /** Of a sub-graph: the frame that it is drawn in, and a name that none of its boxes shares with others. */
  constructor(
    readonly picture: RootGraphModel,
    place: GraphBaseModel | null,
    graph: Graph,
    options: PictureOptions,
    readonly prefix = "",
  ) {
    this.#place = place ?? picture;
    this.#graph = graph;
    this.#options = options;
    this.#roleOf = rolesOf(graph);
    this.#roots = new Set([...graph.outputs.values(), ...graph.updates.values()].map((value) => value.node));
  }

  /** Draws every node that is not drawn where it is read. */
  all(): void {
    for (const node of nodesOf(this.#graph)) if (!this.isRepeated(node)) this.boxOf(node, this.#options.frameOf(node));
  }

  /** Whether a node is drawn where it is read. */
  isRepeated(node: Node): boolean {
    if (this.#roots.has(node)) return false;
    if (isInput(this.#roleOf(node)) || numberIn(node) !== null) return true;
    return this.#options.repeated?.(node) ?? false;
  }

  /** The box of a node in a frame, with the boxes and arrows it depends on. */
  boxOf(node: Node, frame: Frame | undefined): NodeModel {
    const own = `${this.prefix}n${node.id}`;
    const id = this.isRepeated(node) ? `${own} ${frame?.key ?? ""}`.trimEnd() : own;
    const known = this.#boxes.get(id);
    if (known) return known;
    const role = this.#roleOf(node);
    const place = frame && !isInput(role) ? this.#frame(frame) : this.#place;
    const model = place.createNode(id, looks(node, role) as NodeAttributesObject);
    this.#boxes.set(id, model);
    const ends = this.#subgraphs(node, model, place);
    node.operands.forEach((value, i) => {
      const { node: source } = value;
      if (numberIn(source) !== null && !this.#roots.has(source)) return;
      const from = this.boxOf(source, this.isRepeated(source) ? frame : this.#options.frameOf(source));
      const note = edgeNote(node, value, i);
      const to = ends.flatMap((list) => list[i] ?? []);
      for (const end of ends.length === 0 || i >= ends[0]!.length ? [model] : to) {
        this.picture.createEdge([from, end], note && end === model ? { label: ` ${note}`, fontcolor: ink.faint } : {});
      }
    });
    return model;
  }

  /**
   * Draws the sub-graphs of a loop or a branch, each in a frame whose results lead to the node's box. Gives the boxes that
   * the node's operands lead to, for each sub-graph.
   */
  #subgraphs(node: Node, model: NodeModel, place: GraphBaseModel): readonly (readonly (NodeModel | null)[])[] {
    return subgraphsOf(node).map(([name, inner]) => {
      const prefix = `${this.prefix}n${node.id} ${name} `;
      const turns = "turns" in node.attrs ? `, ${String(node.attrs.turns)} turns` : "";
      const frame = place.createSubgraph(`cluster_${prefix}`, {
        label: html([`<b>${escape(`${node.op.name}: ${name}${name === "body" ? turns : ""}`)}</b>`], "left"),
        labeljust: "l",
        fontname: fontName,
        fontsize: 11,
        fontcolor: ink.title,
        style: "rounded,dashed",
        color: ink.frame,
        margin: 12,
      });
      const drawing = new Drawing(this.picture, frame, inner, { ...this.#options, frameOf: () => undefined, repeated: () => false }, prefix); // prettier-ignore
      drawing.all();
      for (const value of inner.outputs.values()) {
        this.picture.createEdge([drawing.boxOf(value.node, undefined), model], { style: "dashed" });
      }
      const read = new Set(nodesOf({ ...inner, inputs: [] }));
      const boxes = inner.inputs.map((input) => (read.has(input) ? drawing.boxOf(input, undefined) : null));
      const lead = name === "test" ? (node.attrs.counted ? 1 : 0) : node.operands.length - inner.inputs.length;
      return [...Array.from({ length: lead }, () => model), ...boxes];
    });
  }

  /** Where a value goes at the end: under a name to the caller, or into a parameter. */
  terminal(name: string, value: Value, role: "output" | "update"): void {
    const from = this.boxOf(value.node, this.#options.frameOf(value.node));
    const { fill, line, text } = paints[role];
    const what = role === "output" ? printType(value.type) : "next value";
    const faint = role === "output" ? "#dbe8f6" : ink.faint;
    const to = this.picture.createNode(`${role} ${name}`, {
      label: html([`<b>${escape(name)}</b>`, `<font point-size="10" color="${faint}">${escape(what)}</font>`]),
      shape: role === "output" ? "house" : "cylinder",
      style: "filled",
      fillcolor: fill,
      color: line,
      fontcolor: text,
      margin: role === "output" ? "0.02,0.02" : "0.12,0.06",
    });
    this.picture.createEdge([from, to], { color: line, penwidth: 1.6 });
  }

  #frame(frame: Frame): GraphBaseModel {
    let model = this.#frames.get(frame.key);
    if (!model) {
      const parent = frame.inside ? this.#frame(frame.inside) : this.picture;
      const lines = [`<b>${escape(frame.title)}</b>`];
      if (frame.note) lines.push(`<font point-size="9" color="${ink.faint}">${escape(frame.note)}</font>`);
      model = parent.createSubgraph(`cluster_${this.#frames.size}`, {
        label: html(lines, "left"),
        labeljust: "l",
        fontname: fontName,
        fontsize: 11,
        fontcolor: ink.title,
        style: "rounded,filled",
        color: ink.frame,
        fillcolor: frame.inside ? "#ffffff" : tints[this.#frames.size % tints.length]!,
        margin: 12,
      });
      this.#frames.set(frame.key, model);
    }
    return model;
  }
}

/** How the box of a node looks. */
function looks(node: Node, role: Role) {
  const { fill, line, text } = paints[role];
  const shape = role === "parameter" ? "cylinder" : role === "input" ? "invhouse" : "box";
  const style = shape === "box" ? "rounded,filled" : "filled";
  return {
    label: labelOf(node, role),
    shape,
    style: isView(node) ? `${style},dashed` : style,
    fillcolor: fill,
    color: line,
    fontcolor: text,
    margin: shape === "invhouse" ? "0.02,0.02" : "0.12,0.06",
  } as const;
}

function isInput(role: Role): boolean {
  return role === "input" || role === "parameter" || role === "constant";
}

/** Which operand it is, where a reader cannot tell. */
function edgeNote(node: Node, value: Value, operand: number): string {
  if (value.node.results.length > 1) return `.${value.index}`;
  if (node.operands.length < 2 || node.op.form === "binary" || node.op.form === "compare") return "";
  const names = node.op.operands;
  return names[operand] ?? names.at(-1)!.replace("…", ` ${operand}`);
}

/** Whether it moves elements without computing: one operand, and attributes that say whence. */
function isView(node: Node): boolean {
  const keys = Object.keys(node.attrs);
  return (
    node.op.form === "own" && node.operands.length === 1 && ["shape", "perm", "starts"].some((k) => keys.includes(k))
  );
}
