// Maximum flow by Dinic's algorithm (1970): phases of breadth-first levels, in each a blocking flow by depth-first search
// with an explicit stack. O(V²·E) at worst; on graphs of programs a few phases.

/** A network of directed edges with capacities; vertices are numbers from 0. */
export class FlowNetwork {
  /** Where edge e leads; edge e ^ 1 is its reverse. */
  readonly #to: number[] = [];
  readonly #left: number[] = [];
  readonly #edges: number[][] = [];

  /** A new vertex. */
  vertex(): number {
    return this.#edges.push([]) - 1;
  }

  /** An edge; `capacity` may be Infinity. */
  edge(from: number, to: number, capacity: number): void {
    this.#edges[from]!.push(this.#to.push(to) - 1);
    this.#left.push(capacity);
    this.#edges[to]!.push(this.#to.push(from) - 1);
    this.#left.push(0);
  }

  /**
   * Saturates the network and says which vertices can still reach `sink`: the edges that enter them are a minimum cut, the
   * one nearest to the sink. Null where the flow is infinite: no cut separates the two. May be called once.
   */
  cut(source: number, sink: number): { readonly flow: number; readonly side: ReadonlySet<number> } | null {
    let flow = 0;
    for (let levels = this.#levels(source, sink); levels[sink]! >= 0; levels = this.#levels(source, sink)) {
      const next = new Int32Array(this.#edges.length);
      for (let more = this.#augment(source, sink, levels, next); more > 0;) {
        if (more === Infinity) return null;
        flow += more;
        more = this.#augment(source, sink, levels, next);
      }
    }
    return { flow, side: this.#reaching(sink) };
  }

  /** Edges from the source on the way with capacity left; −1 where none leads. */
  #levels(source: number, sink: number): Int32Array {
    const level = new Int32Array(this.#edges.length).fill(-1);
    level[source] = 0;
    const queue = [source];
    for (let i = 0; i < queue.length && level[sink]! < 0; i++) {
      for (const e of this.#edges[queue[i]!]!) {
        const to = this.#to[e]!;
        if (this.#left[e]! <= 0 || level[to]! >= 0) continue;
        level[to] = level[queue[i]!]! + 1;
        queue.push(to);
      }
    }
    return level;
  }

  /** Sends as much as one path takes, and says how much; 0 where the levels are blocked. */
  #augment(source: number, sink: number, level: Int32Array, next: Int32Array): number {
    const path: number[] = [];
    let at = source;
    while (at !== sink) {
      const edges = this.#edges[at]!;
      while (next[at]! < edges.length) {
        const e = edges[next[at]!]!;
        if (this.#left[e]! > 0 && level[this.#to[e]!] === level[at]! + 1) break;
        next[at]!++;
      }
      if (next[at]! < edges.length) {
        const e = edges[next[at]!]!;
        path.push(e);
        at = this.#to[e]!;
      } else {
        const back = path.pop();
        if (back === undefined) return 0;
        at = this.#to[back ^ 1]!;
        next[at]!++;
      }
    }
    const most = path.reduce((least, e) => Math.min(least, this.#left[e]!), Infinity);
    for (const e of path) {
      this.#left[e]! -= most;
      this.#left[e ^ 1]! += most;
    }
    return most;
  }

  #reaching(sink: number): ReadonlySet<number> {
    const side = new Set([sink]);
    for (const vertex of side) {
      for (const e of this.#edges[vertex]!) if (this.#left[e ^ 1]! > 0) side.add(this.#to[e]!);
    }
    return side;
  }
}
