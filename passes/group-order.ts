// The groups of a fusion in progress and the orders between them: which must run before which, and a line in which all
// can run, kept up to date as groups merge.
import { InternalError } from "#ir/errors.js";
import type { Group } from "./group.js";

/** Groups visited in search of a path between two groups before it is taken to exist. */
const searchBudget = 1024;

export class GroupOrder {
  /** All groups, each after those it depends on, and where each stands; merged ones leave gaps. */
  #line: (Group | null)[] = [];
  readonly #place = new Map<Group, number>();
  readonly #after = new Map<Group, Set<Group>>();
  readonly #before = new Map<Group, Set<Group>>();

  /** For every group, those that must run before it. */
  get before(): ReadonlyMap<Group, ReadonlySet<Group>> {
    return this.#before;
  }

  add(group: Group): void {
    this.#after.set(group, new Set());
    this.#before.set(group, new Set());
  }

  /** `from` must run before `to`. */
  link(from: Group, to: Group): void {
    if (from === to) return;
    this.#after.get(from)!.add(to);
    this.#before.get(to)!.add(from);
  }

  /** Puts the groups in line, once all links are known; merging keeps the line. */
  settle(): readonly Group[] {
    const line = this.ordered();
    this.#line = [...line];
    line.forEach((group, i) => this.#place.set(group, i));
    return line;
  }

  /** Whether a path leads from `a` to `b`, other than the direct edge where `indirect` is asked for. */
  reaches(a: Group, b: Group, indirect: boolean): boolean {
    const end = this.#place.get(b) ?? Infinity;
    const seen = new Set<Group>();
    const stack = [...this.#after.get(a)!].filter((g) => !(indirect && g === b));
    while (stack.length > 0) {
      const group = stack.pop()!;
      if (group === b) return true;
      if (seen.has(group) || this.#place.get(group)! > end) continue;
      seen.add(group);
      if (seen.size > searchBudget) return true;
      stack.push(...this.#after.get(group)!);
    }
    return false;
  }

  /** `group` takes the places of `a` and `b`. */
  replace(a: Group, b: Group, group: Group): void {
    this.#moveTogether(a, b, group);
    this.add(group);
    for (const old of [a, b]) {
      for (const next of this.#after.get(old)!) {
        this.#before.get(next)!.delete(old);
        if (next !== a && next !== b) this.link(group, next);
      }
      for (const previous of this.#before.get(old)!) {
        this.#after.get(previous)!.delete(old);
        if (previous !== a && previous !== b) this.link(previous, group);
      }
    }
    for (const old of [a, b]) {
      this.#after.delete(old);
      this.#before.delete(old);
    }
  }

  /**
   * Puts the merged group in line: of the groups between the two, those that depend on the first go behind it. No path
   * leads from the first to the second, so nothing that the second needs is among them.
   */
  #moveTogether(a: Group, b: Group, group: Group): void {
    const [from, to] = [this.#place.get(a)!, this.#place.get(b)!].sort((x, y) => x - y) as [number, number];
    const behind = new Set<Group>([this.#line[from]!]);
    const ahead: Group[] = [];
    const after: Group[] = [];
    for (let i = from + 1; i < to; i++) {
      const between = this.#line[i];
      if (!between) continue;
      let depends = false;
      for (const earlier of this.#before.get(between)!) if (behind.has(earlier)) depends = true;
      if (depends) behind.add(between);
      (depends ? after : ahead).push(between);
    }
    const line = [...ahead, group, ...after];
    for (let i = from; i <= to; i++) {
      const at = line[i - from] ?? null;
      this.#line[i] = at;
      if (at) this.#place.set(at, i);
    }
    this.#place.delete(a);
    this.#place.delete(b);
  }

  /** The groups, each after those it depends on; among the ready ones, the first in evaluation order. */
  ordered(): readonly Group[] {
    const waiting = new Map([...this.#before].map(([g, set]) => [g, set.size]));
    const ready = [...waiting]
      .filter(([, n]) => n === 0)
      .map(([g]) => g)
      .reverse();
    const order: Group[] = [];
    while (ready.length > 0) {
      const group = ready.pop()!;
      order.push(group);
      for (const next of this.#after.get(group)!) {
        const left = waiting.get(next)! - 1;
        waiting.set(next, left);
        if (left === 0) ready.push(next);
      }
    }
    if (order.length !== this.#before.size)
      throw new InternalError("fuse: the groups depend on each other in a circle");
    return order;
  }
}
