// Which values of a function are used, how often, and which may be computed right where they are used: written into the
// values themselves, for the assembler.
import type { Item, Loop, Pointer, Scope, Value, Variable } from "./ssa.js";

/** Walks everything under `root` and sets what `Value` and `Loop` say that this sets. */
export function countUses(root: Scope): void {
  const loops: Loop[] = [];
  const scopes: Scope[] = [];
  collect(root, scopes, loops);
  for (const scope of scopes) for (const item of scope.items) if (item.kind !== "value") useAll(operandsOf(item));
  countLoops(loops);
  for (const scope of scopes) findInlined(scope);
}

const stack: Value[] = [];

/** Counts a read by live code, and where it is the first what the value itself reads. */
function use(value: Value): void {
  if (value.uses++ > 0) return;
  const bottom = stack.length;
  for (let x: Value = value; ; x = stack.pop()!) {
    const { args } = x;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (arg.uses++ === 0) stack.push(arg);
    }
    if (stack.length === bottom) return;
  }
}

function useAll(values: readonly Value[]): void {
  for (const value of values) use(value);
}

/** What loops read is read where operand stacks do not reach: two uses make it a local. */
function useTwice(value: Value): void {
  use(value);
  use(value);
}

/** Counts what loops need to run, and finds those that can do without their counters. */
function countLoops(loops: readonly Loop[]): void {
  const counting = new Set<Loop>();
  const settle = (): void => {
    for (let changed = true; changed;) {
      changed = false;
      for (const loop of loops) {
        for (const p of loop.pointers) {
          if (p.counted || p.value.uses === 0) continue;
          p.counted = changed = true;
          useTwice(p.first);
          if (!loop.counts) useTwice(p.limit!);
        }
        if (loop.counter.uses > 0 && !counting.has(loop)) {
          changed = true;
          count(loop);
        }
      }
    }
  };
  const count = (loop: Loop): void => {
    counting.add(loop);
    useTwice(loop.start);
    useTwice(loop.end);
  };
  settle();
  // Inner loops first, as what they need may be the counters of outer ones.
  for (const loop of [...loops].reverse()) {
    if (counting.has(loop)) continue;
    const exit = exitOf(loop);
    if (exit) {
      loop.counts = false;
      useTwice(exit.limit!);
    } else count(loop);
    settle();
  }
}

/** The pointer whose limit ends a loop without a counter. */
export function exitOf(loop: Loop): Pointer | null {
  return loop.pointers.find((p) => p.value.uses > 0) ?? null;
}

/** Lists scopes, outer ones first, and forgets what was found before. */
function collect(scope: Scope, scopes: Scope[], loops: Loop[]): void {
  scopes.push(scope);
  for (const item of scope.items) {
    if (item.kind === "value") {
      item.uses = 0;
      item.inlined = false;
      item.place = -1;
    } else if (item.kind === "if") {
      collect(item.then, scopes, loops);
      if (item.otherwise) collect(item.otherwise, scopes, loops);
    } else if (item.kind === "loop") {
      loops.push(item);
      item.counts = true;
      item.counter.uses = 0;
      for (const p of item.pointers) {
        p.counted = false;
        p.value.uses = 0;
      }
      collect(item.before, scopes, loops);
      collect(item.body, scopes, loops);
    }
  }
}

const none: readonly Value[] = [];

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
      return item.guard ? [item.guard] : none;
  }
}

/**
 * A value with one use, by an item of its own scope, moves to that item, unless it would cross what may change it:
 * loads do not cross effects, reads of variables do not cross assignments, neither crosses branches and loops.
 */
function findInlined(scope: Scope): void {
  const { items } = scope;
  let lastBarrier = items.length;
  let lastEffect = items.length;
  let assigned: Map<Variable, number> | null = null;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!;
    let root = i;
    if (item.kind === "value") {
      if (item.uses === 0) continue;
      if (item.place >= 0 && item.uses === 1 && mayMove(item, item.place)) {
        item.inlined = true;
        root = item.place;
      }
    } else if (item.kind === "if" || item.kind === "loop") lastBarrier = i;
    else if (item.kind === "effect") lastEffect = i;
    else (assigned ??= new Map()).set(item.variable, i);
    const operands = operandsOf(item);
    for (let k = 0; k < operands.length; k++) if (operands[k]!.scope === scope) operands[k]!.place = root;
  }

  function mayMove(item: Value, user: number): boolean {
    if (item.imm.is === "memory") return user <= lastBarrier && user <= lastEffect;
    if (item.imm.is !== "variable" || item.op !== "get") return true;
    return user <= lastBarrier && user <= (assigned?.get(item.imm.variable) ?? items.length);
  }
}
