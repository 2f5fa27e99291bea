// The buffers of a kernel under construction: which values it touches, under which names, and how.
import type { Expr } from "#ir/expr.js";
import { load } from "#ir/expr.js";
import type { KernelBuffer, Stmt } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import { subjectOf } from "#ir/subject.js";
import { stridesOf } from "#ir/type.js";
import { countOf, offsetOf, shapeOf } from "./element.js";
import type { Names } from "./emit-loops.js";
import { type Access, accessOf, isAccess, rewriteExpr } from "./rewrite-expr.js";

/** Strides, in elements, of inputs that are not stored in row-major order: eager views. */
export type Layouts = ReadonlyMap<Node, readonly number[]>;

/** Messages of checks, shared by the kernels of a plan. */
export interface FailureTable {
  /** The entry of a check of `node`; `{value}` in the message is replaced by the value found. */
  add(node: Node, message: string): number;
}

interface Entry {
  readonly value: Value;
  readonly name: string;
  reads: boolean;
  writes: boolean;
}

export class KernelBuffers implements Names {
  readonly #entries = new Map<Value, Entry>();
  readonly #layouts: Layouts;
  readonly #failures: FailureTable;
  #next = 0;

  constructor(layouts: Layouts, failures: FailureTable) {
    this.#layouts = layouts;
    this.#failures = failures;
  }

  /** The values behind `buffers()`, in the same order. */
  get values(): readonly Value[] {
    return [...this.#entries.keys()];
  }

  /** In the order of first use. */
  buffers(): readonly KernelBuffer[] {
    return [...this.#entries.values()].map(({ value, name, reads, writes }) => ({
      name,
      dtype: value.type.dtype,
      length: this.lengthOf(value),
      access: reads && writes ? "update" : writes ? "write" : "read",
    }));
  }

  fresh(prefix: string): string {
    return `${prefix}${this.#next++}`;
  }

  failure(node: Node, extent: number): number {
    const { op, noun } = subjectOf(node);
    return this.#failures.add(node, `${op}: ${noun} {value} is out of range 0 to ${extent - 1}`);
  }

  /** Entry of the failure table for any other check of a node. */
  check(node: Node, message: string): number {
    return this.#failures.add(node, `${subjectOf(node).op}: ${message}`);
  }

  stridesOf(value: Value): readonly number[] {
    return this.#layouts.get(value.node) ?? stridesOf(shapeOf(value));
  }

  /** The element position of an access in its buffer. */
  offsetOf(access: Access): Expr {
    if (access.linear && !this.#layouts.has(access.value.node)) return access.linear;
    return offsetOf(this.stridesOf(access.value), access.index);
  }

  load(access: Access): Expr {
    return this.loadAt(access.value, this.offsetOf(access));
  }

  /** The element position of a value at an index. */
  positionOf(value: Value, index: readonly Expr[]): Expr {
    return offsetOf(this.stridesOf(value), index);
  }

  /** An expression over accesses as one over loads, also where accesses stand in the indices of others. */
  loaded(x: Expr): Expr {
    return rewriteExpr(x, (e) => {
      if (!isAccess(e)) return null;
      const index = e.index.map((i) => this.loaded(i));
      return this.load(accessOf(e.value, index, e.linear && this.loaded(e.linear)));
    });
  }

  loadAt(value: Value, offset: Expr): Expr {
    const entry = this.#entry(value);
    entry.reads = true;
    return load(entry.name, offset, value.type.dtype);
  }

  /** The statement that stores an element of `value`. */
  store(value: Value, offset: Expr, element: Expr): Stmt {
    const entry = this.#entry(value);
    entry.writes = true;
    return { kind: "store", buffer: entry.name, offset, value: element };
  }

  nameOf(value: Value): string {
    return this.#entry(value).name;
  }

  /** Elements from the first to the last that the layout reaches. */
  lengthOf(value: Value): number {
    const layout = this.#layouts.get(value.node);
    if (!layout) return countOf(value);
    const shape = shapeOf(value);
    if (shape.includes(0)) return 0;
    return shape.reduce((last, size, axis) => last + (size - 1) * Math.max(0, layout[axis]!), 1);
  }

  #entry(value: Value): Entry {
    let entry = this.#entries.get(value);
    if (!entry) {
      const { node } = value;
      const given = (node.attrs.name ?? (node.attrs.parameter as { name?: string } | undefined)?.name) as
        string | undefined;
      const place = value.index === 0 ? "" : `_${value.index}`;
      const name = `${(given ?? node.op.name).replace(/\W+/g, "_")}_${node.id}${place}`;
      this.#entries.set(value, (entry = { value, name, reads: false, writes: false }));
    }
    return entry;
  }
}
