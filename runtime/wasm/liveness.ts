// Which values of a function are used, how often, and which may be computed right where they are used.
import type { Item, Loop, Scope, Value, Variable } from "./ssa.js";

export interface Uses {
  isLive(value: Value): boolean;
  count(value: Value): number;
  /** Whether the value is left to its only user to compute, on the operand stack. */
  isInlined(value: Value): boolean;
  /** Whether a loop keeps its counter; else it ends when its first live pointer reaches its limit. */
  countsItself(loop: Loop): boolean;
}

/** Walks everything under `root`. */
export function countUses(root: Scope): Uses {
  const loops: Loop[] = [];
  const scopes: Scope[] = [];
  const live = new Set<Value>();
  const mark = (first: Value): void => {
    const stack = [first];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (live.has(value)) continue;
      live.add(value);
      stack.push(...value.args);
    }
  };
  collect(root, scopes, loops);
  for (const scope of scopes) for (const item of scope.items) rootsOf(item).forEach(mark);
  const byPointer = markLoops(loops, live, mark);

  const counts = new Map<Value, number>();
  const inlined = new Set<Value>();
  const add = (value: Value, times = 1): number => counts.set(value, (counts.get(value) ?? 0) + times).get(value)!;
  for (const loop of loops) {
    // These are read where operand stacks do not reach: at least two uses make them locals.
    const read = byPointer.has(loop) ? [] : [loop.start, loop.end];
    for (const p of loop.pointers)
      if (live.has(p.value)) read.push(p.first, ...(byPointer.has(loop) ? [p.limit!] : []));
    read.forEach((x) => add(x, 2));
  }
  for (const scope of scopes) {
    for (const item of scope.items)
      if (item.kind !== "value" || live.has(item)) operandsOf(item).forEach((x) => add(x));
  }
  for (const scope of scopes) findInlined(scope, live, counts, inlined);
  return {
    isLive: (value) => live.has(value),
    count: (value) => counts.get(value) ?? 0,
    isInlined: (value) => inlined.has(value),
    countsItself: (loop) => !byPointer.has(loop),
  };
}

/** Marks what loops need to run, until nothing is added; gives the loops that can do without their counters. */
function markLoops(loops: readonly Loop[], live: ReadonlySet<Value>, mark: (value: Value) => void): ReadonlySet<Loop> {
  const byPointer = new Set<Loop>();
  const settle = (): void => {
    for (let before = -1; before !== live.size;) {
      before = live.size;
      for (const loop of loops) {
        for (const p of loop.pointers) if (live.has(p.value)) mark(p.first);
        if (live.has(loop.counter)) [loop.start, loop.end].forEach(mark);
      }
    }
  };
  settle();
  for (const loop of loops) {
    const first = loop.pointers.find((p) => live.has(p.value));
    if (first && !live.has(loop.counter)) {
      byPointer.add(loop);
      mark(first.limit!);
    } else [loop.start, loop.end].forEach(mark);
  }
  settle();
  return byPointer;
}

function collect(scope: Scope, scopes: Scope[], loops: Loop[]): void {
  scopes.push(scope);
  for (const item of scope.items) {
    if (item.kind === "if") {
      collect(item.then, scopes, loops);
      if (item.otherwise) collect(item.otherwise, scopes, loops);
    } else if (item.kind === "loop") {
      loops.push(item);
      collect(item.before, scopes, loops);
      collect(item.body, scopes, loops);
    }
  }
}

/** What an item reads, besides what loops read on their own account. */
function operandsOf(item: Item): readonly Value[] {
  switch (item.kind) {
    case "value":
    case "effect":
      return item.args;
    case "assign":
      return [item.value];
    case "if":
      return [item.test];
    case "loop":
      return item.guard ? [item.guard] : [];
  }
}

const rootsOf = (item: Item): readonly Value[] => (item.kind === "value" ? [] : operandsOf(item));

/**
 * A value with one use, by an item of its own scope, moves to that item, unless it would cross what may change it:
 * loads do not cross effects, reads of variables do not cross assignments, neither crosses branches and loops.
 */
function findInlined(
  scope: Scope,
  live: ReadonlySet<Value>,
  counts: ReadonlyMap<Value, number>,
  inlined: Set<Value>,
): void {
  const { items } = scope;
  const place = new Map<Value, number>();
  let lastBarrier = items.length;
  let lastEffect = items.length;
  const assigned = new Map<Variable, number>();
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!;
    let root = i;
    if (item.kind === "value") {
      if (!live.has(item)) continue;
      const user = place.get(item);
      if (user !== undefined && counts.get(item) === 1 && mayMove(item, user)) {
        inlined.add(item);
        root = user;
      }
    } else if (item.kind === "if" || item.kind === "loop") lastBarrier = i;
    else if (item.kind === "effect") lastEffect = i;
    else assigned.set(item.variable, i);
    for (const x of operandsOf(item)) if (x.scope === scope) place.set(x, root);
  }

  function mayMove(item: Value, user: number): boolean {
    if (item.imm.is === "memory") return user <= lastBarrier && user <= lastEffect;
    if (item.op === "get") {
      return (
        user <= lastBarrier && user <= (assigned.get((item.imm as { variable: Variable }).variable) ?? items.length)
      );
    }
    return true;
  }
}
