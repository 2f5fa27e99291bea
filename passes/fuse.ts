// Fusion: Graph → groups, each of which becomes (part of) one kernel.
//
// Every computed node starts alone. Then producers merge with their consumers along edges, those first that save most time,
// as long as a common set of parallel axes remains, the group stays convex (nothing outside lies between its nodes) and
// takes less time than its parts; then groups that read the same data over the same axes merge, if that saves time. An update
// of a parameter in place must come after every reader of the old value: these orders are edges too, so no merge can break them.
import { type Graph, nodesOf, rootsOf } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { elementOf } from "./element.js";
import {
  accessesOf,
  canFail,
  commonAxes,
  crossing,
  type FusedGraph,
  type Group,
  groupOfOne,
  isPureMap,
  joined,
  sameAxes,
  storesOnce,
} from "./group.js";
import { GroupCosts, secondsOfJumps } from "./group-cost.js";
import { GroupOrder } from "./group-order.js";
import { overwritesInStep, scratchBytesOf } from "./nests.js";
import { waitsOf } from "./waits.js";

/** Nodes in a group: beyond it kernels grow too long for V8's compiler to like. */
const maxNodes = 64;
/** Buffers that a group reads and writes. */
const maxBuffers = 40;
/** Scratch of one row, of which every thread has its own. */
const maxScratchBytes = 32 * 1024;

/** Options of fusion: `fuse: false` leaves every node alone, to see what fusion brings. */
export interface FuseOptions {
  readonly fuse?: boolean;
}

/** The groups of a graph whose composites are decomposed and whose sizes are numbers. */
export function fuse(graph: Graph, options: FuseOptions = {}): FusedGraph {
  const fusion = new Fusion(graph);
  if (options.fuse !== false) {
    fusion.mergeAlongEdges();
    fusion.mergeSiblings();
  }
  return fusion.finish();
}

class Fusion {
  readonly #graph: Graph;
  /** Nodes that are computed, in evaluation order. */
  readonly #computed: readonly Node[];
  readonly #position = new Map<Node, number>();
  readonly #groupOf = new Map<Node, Group>();
  readonly #order = new GroupOrder();
  readonly #roots: ReadonlySet<Value>;
  readonly #inPlace = new Map<Node, Value>();
  readonly #readers = new Map<Node, Node[]>();
  readonly #costs: GroupCosts;
  /** Groups that cannot merge with those after them, as long as both are what they are. */
  readonly #refused = new Map<Group, Set<Group>>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#roots = new Set(rootsOf(graph));
    this.#costs = new GroupCosts(this.#readers, this.#roots);
    const nodes = nodesOf(graph);
    const pinned = new Set([...this.#roots].map((v) => v.node));
    for (const node of nodes) {
      if (node.op.lower.kind === "control") for (const x of node.operands) pinned.add(x.node);
    }
    this.#computed = nodes.filter((node) => {
      const { role } = elementOf(node);
      return role !== "leaf" && ((role !== "view" && role !== "free") || pinned.has(node));
    });
    for (const node of this.#computed) this.#add(groupOfOne(node));
    for (const node of this.#computed) {
      for (const access of accessesOf(node)) {
        const source = access.value.node;
        const list = this.#readers.get(source);
        if (!list) this.#readers.set(source, [node]);
        else if (list[list.length - 1] !== node) list.push(node);
        if (this.#groupOf.has(source)) this.#order.link(this.#groupOf.get(source)!, this.#groupOf.get(node)!);
      }
      for (const earlier of waitsOf(node)) this.#order.link(this.#groupOf.get(earlier)!, this.#groupOf.get(node)!);
    }
    this.#orderUpdates();
    this.#order.settle().forEach((group, i) => this.#position.set(group.nodes[0]!, i));
  }

  /** Merges producers with consumers, those first that save most time. */
  mergeAlongEdges(): void {
    const edges = this.#computed.flatMap((node) =>
      [...new Set((this.#readers.get(node) ?? []).filter((r) => r !== node))].map((reader) => ({ node, reader })),
    );
    // A reduction takes in what is made of its result alone, so that a row's statistics are one group before their readers
    // choose between rows and columns.
    for (const { node, reader } of edges) {
      const [a, b] = [this.#groupOf.get(node)!, this.#groupOf.get(reader)!];
      const follows = elementOf(reader).over.length === 0 && sameAxes(a, b);
      if (a !== b && a.nodes.some((n) => elementOf(n).role === "reduce") && follows) this.#tryMerge(a, b);
    }
    const promises = new Map(edges.map((e) => [e, this.#costs.promise(this.#groupOf.get(e.node)!, e.reader)]));
    edges.sort(
      (x, y) => promises.get(y)! - promises.get(x)! || this.#position.get(x.node)! - this.#position.get(y.node)!,
    );
    for (let merged = true, round = 0; merged && round < 3; round++) {
      merged = false;
      for (const { node, reader } of edges) {
        const [a, b] = [this.#groupOf.get(node)!, this.#groupOf.get(reader)!];
        if (a !== b && this.#tryMerge(a, b)) merged = true;
      }
    }
  }

  /** Merges groups that read the same data over the same axes, where that saves more than reading some of it across its rows takes. */
  mergeSiblings(): void {
    for (const readers of this.#readers.values()) {
      for (let i = 1; i < readers.length; i++) {
        for (let j = Math.max(0, i - 8); j < i; j++) {
          const [a, b] = [this.#groupOf.get(readers[j]!)!, this.#groupOf.get(readers[i]!)!];
          if (a === b || a.kind !== "rows" || b.kind !== "rows" || !sameAxes(a, b)) continue;
          if (a.nodes.length + b.nodes.length > maxNodes) continue;
          // Where one updates in place what the other reads, one kernel does both, element by element.
          const direct = isPureMap(a) && isPureMap(b);
          if (this.#order.reaches(a, b, direct) || this.#order.reaches(b, a, direct)) continue;
          const pairs = commonAxes(a, b);
          const group = joined(a, b, pairs, this.#position);
          if (pairs.length !== a.axes.length || this.#costs.buffersOf(group) > maxBuffers) continue;
          const crossed = crossing(a, b);
          if (crossed.length > 0 && this.#costs.gain(a, b, group, 0) <= secondsOfJumps(crossed)) continue;
          this.#replace(a, b, group);
        }
      }
    }
  }

  finish(): FusedGraph {
    const groups = this.#order.ordered();
    for (const [parameter, value] of this.#inPlace) {
      if (!this.#mayOverwrite(this.#groupOf.get(value.node)!, parameter, value.node)) this.#inPlace.delete(parameter);
    }
    const escaping = new Set<Value>();
    for (const node of this.#computed) {
      if (elementOf(node).role === "control") {
        for (const x of this.#usedOf(node)) escaping.add(x);
        continue;
      }
      const value = node.results[0]!;
      const own = this.#groupOf.get(node);
      const outside = this.#readers.get(node)?.some((r) => this.#groupOf.get(r) !== own) ?? false;
      if (outside || this.#roots.has(value)) escaping.add(value);
    }
    return { graph: this.#graph, groups, escaping, inPlace: this.#inPlace, before: this.#order.before };
  }

  /** The results of a loop or a branch that somebody reads. */
  #usedOf(control: Node): readonly Value[] {
    const readers = this.#readers.get(control) ?? [];
    const read = new Set(readers.flatMap((r) => accessesOf(r).map((a) => a.value)));
    return control.results.filter((x) => read.has(x) || this.#roots.has(x));
  }

  #tryMerge(a: Group, b: Group): boolean {
    let refused = this.#refused.get(a);
    if (refused?.has(b)) return false;
    const group = this.#merged(a, b);
    if (group) {
      this.#replace(a, b, group);
      return true;
    }
    // What else merges removes no path between these two, and nobody begins to read their nodes.
    if (!refused) this.#refused.set(a, (refused = new Set()));
    refused.add(b);
    return false;
  }

  /** A producer and its reader as one group; null where they may not be one. */
  #merged(a: Group, b: Group): Group | null {
    if (a.nodes.length + b.nodes.length > maxNodes) return null;
    if (standsAlone(a) || standsAlone(b)) return null;
    const leads = [a, b].filter((g) => g.kind !== "rows").length;
    if (leads === 2) return null;
    if (leads === 1 && !isPureMap(a.kind === "rows" ? a : b)) return null;
    // A routine's loops have no place for checks.
    if ((a.kind === "routine" || b.kind === "routine") && [...a.nodes, ...b.nodes].some(canFail)) return null;
    const pairs = commonAxes(a, b);
    const whole = pairs.length === a.axes.length && pairs.length === b.axes.length;
    if (leads === 1 ? !whole : pairs.length === 0 && a.axes.length > 0 && !isPureMap(a)) return null;
    if (this.#order.reaches(a, b, true)) return null;
    const group = joined(a, b, pairs, this.#position);
    if (this.#costs.buffersOf(group) > maxBuffers) return null;
    const kept = leads === 0 && !whole ? scratchBytesOf(group, this.#costs.escapesFrom(group.nodes)) : 0;
    if (kept > maxScratchBytes) return null;
    // Where nothing is kept a merge only saves.
    return kept === 0 || this.#costs.gain(a, b, group, kept) > 0 ? group : null;
  }

  #add(group: Group): void {
    this.#order.add(group);
    for (const node of group.nodes) this.#groupOf.set(node, group);
  }

  #replace(a: Group, b: Group, group: Group): void {
    this.#order.replace(a, b, group);
    for (const node of group.nodes) this.#groupOf.set(node, group);
  }

  /** Lets an update be written in place where every reader of the old value can run before it. */
  #orderUpdates(): void {
    const written = new Set<Value>();
    const checks = this.#computed.filter(canFail);
    for (const [parameter, value] of this.#graph.updates) {
      const writer = this.#groupOf.get(value.node);
      if (!writer || written.has(value) || writer.kind === "control") continue;
      const readers = (this.#readers.get(parameter) ?? []).map((r) => this.#groupOf.get(r)!);
      const earlier = [...readers, ...checks.map((n) => this.#groupOf.get(n)!)].filter((g) => g !== writer);
      if (canFail(value.node) || earlier.some((g) => this.#order.reaches(writer, g, false))) continue;
      if (readers.includes(writer) && !readsOnlyAtItsOwnIndex(value.node, parameter)) continue;
      for (const g of earlier) this.#order.link(g, writer);
      this.#inPlace.set(parameter, value);
      written.add(value);
    }
  }

  /** Whether the group reads the parameter only where, and in the turn in which, it writes the new value. */
  #mayOverwrite(group: Group, parameter: Node, writer: Node): boolean {
    const readers = (this.#readers.get(parameter) ?? []).filter((n) => this.#groupOf.get(n) === group);
    // A check in the same kernel could fail when other rows have been written.
    if (group.nodes.some(canFail)) return false;
    if (readers.length === 0) return true;
    if (group.kind === "rows") return overwritesInStep(group, this.#costs.escapesFrom(group.nodes), parameter, writer);
    return readers.every((n) => elementOf(n).over.length === 0 && readsOnlyAtItsOwnIndex(n, parameter));
  }
}

function standsAlone({ kind, nodes }: Group): boolean {
  return kind === "scatter" || kind === "control" || (kind === "routine" && !nodes.some(storesOnce));
}

function readsOnlyAtItsOwnIndex(node: Node, source: Node): boolean {
  const { index } = elementOf(node);
  return accessesOf(node).every(
    (a) => a.value.node !== source || a.index.every((x, axis) => x === index[axis] || index[axis]!.extent === 1),
  );
}
