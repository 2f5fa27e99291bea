// The operations and bytes of a launch, from what its nodes compute.
import type { Cost } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import type { Expr } from "#ir/expr.js";
import type { KernelBuffer } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import { costOf, countOf, elementOf, overAccesses } from "./element.js";
import { accessesOf } from "./group.js";
import { isAccess, walkExpr } from "./rewrite-expr.js";
import { routineWork } from "./routine.js";
import { scatterOf } from "./scatter.js";

/** A launch of these nodes that touches these buffers, which hold `values`. */
export function costOfLaunch(nodes: readonly Node[], buffers: readonly KernelBuffer[], values: readonly Value[]): Cost {
  const reads = new Reads(nodes);
  return {
    flops: nodes.reduce((sum, node) => sum + flopsOf(node), 0),
    bytes: buffers.reduce((sum, { length, access, dtype }, i) => {
      const touched = access === "read" ? reads.of(values[i]!, length) : access === "update" ? 2 * length : length;
      return sum + touched * itemSize(dtype);
    }, 0),
  };
}

/** Scalar operations of a node: two for every product that a contraction sums, else those of its expression, at least one. */
export function flopsOf(node: Node): number {
  let flops = operations.get(node);
  if (flops === undefined) operations.set(node, (flops = countedFlops(node)));
  return flops;
}
const operations = new WeakMap<Node, number>();

function countedFlops(node: Node): number {
  const { over, cost, role } = elementOf(node);
  const count = countOf(node.results[0]!);
  if (role === "routine") return routineWork(node);
  if (role === "scatter") {
    const { init, source, put } = scatterOf(node);
    const places = source.reduce((n, l) => n * l.extent!, 1);
    return count * Math.max(1, costOf(init)) + places * (1 + costOf(put.value));
  }
  return over.reduce((n, l) => n * l.extent!, count * (role === "contraction" ? 2 : Math.max(1, cost)));
}

/** Buffers of fewer elements are taken to be read whole. */
const small = 1024;

/** How many elements of a value nodes read: never more than it has, fewer where only some rows are looked up or cut out. */
class Reads {
  #counts: Map<Value, number> | null = null;

  constructor(readonly nodes: readonly Node[]) {}

  of(value: Value, length: number): number {
    if (length <= small) return length;
    this.#counts ??= summed(this.nodes);
    return Math.min(length, this.#counts.get(value) ?? length);
  }
}

function summed(nodes: readonly Node[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const node of nodes) {
    for (const [value, times] of readsOf(node)) counts.set(value, (counts.get(value) ?? 0) + times);
  }
  return counts;
}

/** How many elements a node reads of each value, those that it reads again counted again. */
export function readsOf(node: Node): ReadonlyMap<Value, number> {
  let found = reads.get(node);
  if (!found) reads.set(node, (found = countedReads(node)));
  return found;
}
const reads = new WeakMap<Node, ReadonlyMap<Value, number>>();

function countedReads(node: Node): ReadonlyMap<Value, number> {
  const counts = new Map<Value, number>();
  const { role, over } = elementOf(node);
  const count = countOf(node.results[0]!);
  const add = (value: Value, times: number) => counts.set(value, (counts.get(value) ?? 0) + times);
  if (role === "routine" || role === "control") {
    for (const { value } of accessesOf(node)) add(value, Infinity);
  } else if (role === "scatter") {
    const { init, source, put } = scatterOf(node);
    const places = source.reduce((n, l) => n * l.extent!, 1);
    const addAll = (x: Expr, times: number) =>
      walkExpr(overAccesses(x, node), (e) => {
        if (isAccess(e)) add(e.value, times);
      });
    addAll(init, count);
    for (const x of [...put.index, put.value]) addAll(x, places);
  } else {
    const times = over.reduce((n, l) => n * l.extent!, count);
    for (const { value } of accessesOf(node)) add(value, times);
  }
  return counts;
}
