// The form between kernels and WebAssembly: values that never change, kept in nested scopes, beside variables that do.
// A value is placed in the outermost scope where its operands exist, so invariant work leaves loops by construction.
import type { WasmType } from "./opcodes.js";

/** Inclusive bounds of an i32. */
export type Range = readonly [low: number, high: number];

/** What follows an instruction's opcode. */
export type Immediate =
  | { readonly is: "nothing" }
  | { readonly is: "number"; readonly value: number }
  /** Lane numbers. */
  | { readonly is: "bytes"; readonly bytes: readonly number[] }
  /** A constant vector as four i32, the lowest first. */
  | { readonly is: "words"; readonly words: Words }
  | { readonly is: "memory"; readonly offset: number; readonly lane?: number }
  | { readonly is: "function"; readonly name: string }
  | { readonly is: "variable"; readonly variable: Variable };

export type Words = readonly [number, number, number, number];

export const nothing: Immediate = { is: "nothing" };

/** `constant + Σ times · value`, modulo 2³²; the terms in the order of their values' scopes, outer ones first, then of ids. */
export interface Linear {
  readonly constant: number;
  readonly values: readonly Value[];
  readonly times: readonly number[];
}

/** The result of an instruction, computed once per run of its scope. */
export interface Value {
  readonly kind: "value";
  readonly id: number;
  /**
   * An instruction's name, or: `const` (a number or words), `param` (number: its index), `global`, `get` (a variable, as it
   * is at this place), `induction` (a variable that changes only at the end of its loop's body), `call` (of a pure
   * function), `copy`.
   */
  readonly op: string;
  readonly type: WasmType;
  readonly args: readonly Value[];
  readonly imm: Immediate;
  /** What a constant is that is one number, else null. */
  readonly number: number | null;
  readonly scope: Scope;
  /** What is known of an i32. */
  readonly range: Range | null;
  /** Tells values apart that compute the same at different times. */
  readonly version: number;
  /** Another value under the same hash. */
  readonly next: Value | null;
  /** The value as a sum, once `address.ts` has asked. */
  linear: Linear | null;
  /** Reads by live code; more than one where a read needs a local. Set by `countUses`, as what follows. */
  uses: number;
  /** Whether its only user computes it, on the operand stack. */
  inlined: boolean;
  /** Place of the item that its only user ends up in. */
  place: number;
  /** For the assembler: the local that holds it, or −1, and the uses that were not yet emitted. */
  local: number;
  left: number;
}

/** A WebAssembly local that is assigned more than once. Variables with one key are written together in `Loop.writes`. */
export interface Variable {
  readonly id: number;
  readonly type: WasmType;
  readonly key: string;
  /** Where it begins: nothing outside may read it. */
  readonly home: Scope;
  /** Counts assignments and whatever else makes the value unknown. */
  version: number;
  /** The value last assigned, and the scope of the assignment, where still known. */
  known: { readonly value: Value; readonly scope: Scope } | null;
}

export type Item = Value | Effect | Assign | If | Loop;

/** An instruction that is run for its effect: a store, a call; or `result`, which leaves its operand as the function's result. */
export interface Effect {
  readonly kind: "effect";
  readonly op: string;
  readonly args: readonly Value[];
  readonly imm: Immediate;
}
export interface Assign {
  readonly kind: "assign";
  readonly variable: Variable;
  readonly value: Value;
}
export interface If {
  readonly kind: "if";
  readonly test: Value;
  readonly then: Scope;
  readonly otherwise: Scope | null;
}

/** What a loop is made from. */
export interface LoopSpec {
  readonly start: Value;
  /** Reached exactly: `end − start` is a multiple of `step`. */
  readonly end: Value;
  readonly step: number;
  /** Keys of the buffers and variables that the body writes. */
  readonly writes: ReadonlySet<string>;
  /** Bounds of the counter inside the body. */
  readonly range: Range | null;
}

/** Runs `body` for `counter` from `start` while it is less than `end`; `end − start` is a multiple of `step`. */
export interface Loop {
  readonly kind: "loop";
  /** Null where at least one iteration is certain. */
  readonly guard: Value | null;
  readonly start: Value;
  readonly end: Value;
  readonly step: number;
  /** What the loop runs once, before its first iteration. */
  readonly before: Scope;
  readonly body: Scope;
  readonly counter: Value;
  readonly pointers: Pointer[];
  /** Whether the loop keeps its counter; else it ends when its first live pointer reaches its limit. Set by `countUses`. */
  counts: boolean;
}

/** A value that grows by a constant from one iteration to the next: `first + counter · times`. */
export interface Pointer {
  readonly value: Value;
  readonly variable: Variable;
  readonly first: Value;
  /** What `first` is where the counter begins with 0. */
  readonly sum: Value;
  readonly times: number;
  /** Its value where the counter has reached the end. */
  limit: Value | null;
  /** For `countUses`: whether the reads of `first` were counted. */
  counted: boolean;
}

/** A list of items in order. */
export interface Scope {
  readonly kind: "function" | "branch" | "before" | "body";
  readonly parent: Scope | null;
  readonly depth: number;
  readonly items: Item[];
  /** Of a `body`: buffers and variables that its loop writes. */
  readonly writes: ReadonlySet<string>;
  /** Of a `before`: whether the loop may have no iteration, so that loads must not leave it. */
  readonly mayBeEmpty: boolean;
  /** Of a `body`: its loop. */
  loop: Loop | null;
  /** Whether a check stands in it; loads that depend on it must not leave it. */
  checked: boolean;
}

const noWrites: ReadonlySet<string> = new Set();

export function newScope(
  kind: Scope["kind"],
  parent: Scope | null,
  writes: ReadonlySet<string> = noWrites,
  mayBeEmpty = false,
): Scope {
  const depth = parent ? parent.depth + 1 : 0;
  return { kind, parent, depth, items: [], writes, mayBeEmpty, loop: null, checked: false };
}

/** The loop whose body is the innermost around a scope. */
export function innermostLoop(scope: Scope): Loop | null {
  for (let s: Scope | null = scope; s; s = s.parent) if (s.loop) return s.loop;
  return null;
}

/** Whether `outer` is `inner` or around it. */
export function encloses(outer: Scope, inner: Scope): boolean {
  let s: Scope | null = inner;
  while (s && s.depth > outer.depth) s = s.parent;
  return s === outer;
}

/** Whether a value computed in a scope may be computed in its parent: never out of a branch, loads only where it is safe. */
export function mayLeave(scope: Scope, reads: string | null): boolean {
  if (scope.kind === "branch") return false;
  return reads === null || !(scope.checked || scope.mayBeEmpty || scope.writes.has(reads));
}

/** A number equal for equal immediates of the same instruction. */
export function hashOf(imm: Immediate): number {
  switch (imm.is) {
    case "nothing":
    case "function":
    case "words":
      return 0;
    case "number":
      return imm.value | 0;
    case "bytes":
      return imm.bytes[0]! + imm.bytes[imm.bytes.length - 1]!;
    case "memory":
      return imm.offset;
    case "variable":
      return imm.variable.id;
  }
}

/** Whether immediates of the same instruction are equal. */
export function isSame(a: Immediate, b: Immediate): boolean {
  if (a === b) return true;
  switch (a.is) {
    case "nothing":
      return b.is === "nothing";
    case "words":
      return false;
    case "number":
      return b.is === "number" && a.value === b.value;
    case "bytes":
      return b.is === "bytes" && a.bytes.length === b.bytes.length && a.bytes.every((x, i) => x === b.bytes[i]);
    case "memory":
      return b.is === "memory" && a.offset === b.offset && a.lane === b.lane;
    case "function":
      return b.is === "function" && a.name === b.name;
    case "variable":
      return b.is === "variable" && a.variable === b.variable;
  }
}
