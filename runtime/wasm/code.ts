// A function under construction. Equal computations become one value, and each value is placed as far out of the loops
// as its operands, the writes of the loops and the checks allow.
import { addIndex, mulIndex, subIndex } from "./index-math.js";
import { instruction, type WasmType } from "./opcodes.js";
import { encloses, hashOf, isSame, mayLeave, newScope, nothing } from "./ssa.js";
import type { Immediate, Loop, LoopSpec, Pointer, Range, Scope, Value, Variable, Words } from "./ssa.js";

/** In hashes, what is no instruction of WebAssembly has a number of its own, below 0. */
const numbers = { copy: -1, call: -2, get: -3, words: -4 } as const;

/** A buffer, or locals of one name: what may be written together. */
interface Written {
  /** A number that no other version, of whatever, has. */
  version: number;
  readonly variables: Variable[];
}

/** Negative zero has a key of its own. */
class Constants extends Map<number | "-0", Value> {}

export class Code {
  readonly root = newScope("function", null);
  /** Names of the functions it calls. */
  readonly calls = new Set<string>();
  readonly params: readonly Value[];
  #scope: Scope = this.root;
  #nextId = 0;
  #nextVariable = 0;
  #nextVersion = 1;
  /** Values by the hash of what they compute; those of one hash are linked. */
  readonly #known = new Map<number, Value>();
  readonly #constants = { i32: new Constants(), i64: new Constants(), f32: new Constants(), f64: new Constants() };
  #global: Value | null = null;
  readonly #written = new Map<string, Written>();

  constructor(readonly paramTypes: readonly WasmType[]) {
    this.params = paramTypes.map((type, i) => this.#outermost("param", type, { is: "number", value: i }));
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** A number of the type. */
  constant(type: "i32" | "i64" | "f32" | "f64", value: number): Value {
    const known = this.#constants[type];
    const key = value === 0 && type !== "i32" && Object.is(value, -0) ? "-0" : value;
    let constant = known.get(key);
    if (!constant) {
      const range: Range | null = type === "i32" ? [value, value] : null;
      known.set(key, (constant = this.#outermost("const", type, { is: "number", value }, range)));
    }
    return constant;
  }

  /** A vector of four i32, the lowest first. */
  constantVector(a: number, b: number, c: number, d: number): Value {
    const hash = mixed(mixed(mixed(mixed(numbers.words, a), b), c), d);
    const first = this.#known.get(hash) ?? null;
    for (let x = first; x; x = x.next) if (x.imm.is === "words" && areWords(x.imm.words, a, b, c, d)) return x;
    const made = this.#outermost("const", "v128", { is: "words", words: [a, b, c, d] }, null, first);
    this.#known.set(hash, made);
    return made;
  }

  /** The module's global number 0, an i32. */
  global(): Value {
    return (this.#global ??= this.#outermost("global", "i32", nothing));
  }

  /** An instruction without side effects that reads no memory. */
  pure(op: string, args: readonly Value[], imm: Immediate = nothing, range: Range | null = null): Value {
    const { name, number, type } = instruction(op);
    return this.#place(name, number, name === "select" ? args[0]!.type : type, args, imm, 0, range, null);
  }

  /** A call of a pure function of this module. */
  call(name: string, args: readonly Value[], type: WasmType): Value {
    this.calls.add(name);
    return this.#place("call", numbers.call, type, args, { is: "function", name }, 0, null, null);
  }

  /** A load from the buffer known by `key`; `args` begin with the address. */
  load(
    op: string,
    key: string,
    args: readonly Value[],
    offset: number,
    lane?: number,
    range: Range | null = null,
  ): Value {
    const { name, number, type } = instruction(op);
    const { version } = this.#writtenBy(key);
    return this.#place(name, number, type, args, { is: "memory", offset, lane }, version, range, key);
  }

  /** `x`, of which is known that it lies in `0 ≤ x < extent`. */
  bounded(x: Value, extent: number): Value {
    if (x.range && x.range[0] >= 0 && x.range[1] < extent) return x;
    return this.#place("copy", numbers.copy, "i32", [x], nothing, extent, [0, Math.max(0, extent - 1)], null);
  }

  /** A store to the buffer known by `key`; `args` begin with the address. */
  store(op: string, key: string, args: readonly Value[], offset: number, lane?: number): void {
    this.effect(op, args, { is: "memory", offset, lane });
    this.#writtenBy(key).version = this.#nextVersion++;
  }

  effect(op: string, args: readonly Value[], imm: Immediate = nothing): void {
    this.#scope.items.push({ kind: "effect", op, args, imm });
  }

  /** A new variable, first assigned in `home`; `key` stands for it in the `writes` of loops and branches inside of it. */
  variable(type: WasmType, key: string, home: Scope = this.#scope): Variable {
    const variable: Variable = { id: this.#nextVariable++, type, key, home, version: 0, known: null };
    this.#writtenBy(key).variables.push(variable);
    return variable;
  }

  get(variable: Variable): Value {
    const { known, type, version, key } = variable;
    if (known && encloses(known.scope, this.#scope)) return known.value;
    return this.#place("get", numbers.get, type, [], { is: "variable", variable }, version, null, key);
  }

  assign(variable: Variable, value: Value): void {
    this.#scope.items.push({ kind: "assign", variable, value });
    variable.version++;
    variable.known = { value, scope: this.#scope };
  }

  /** A check stands here: what follows in this scope may depend on it. */
  markChecked(): void {
    this.#scope.checked = true;
  }

  /** `writes`: keys of what the branches write. */
  branch(test: Value, writes: ReadonlySet<string>, then: () => void, otherwise: (() => void) | null = null): void {
    const run = (body: () => void): Scope => {
      const scope = newScope("branch", this.#scope);
      this.#within(scope, body);
      this.#forget(writes);
      return scope;
    };
    const first = run(then);
    this.#scope.items.push({ kind: "if", test, then: first, otherwise: otherwise && run(otherwise) });
  }

  loop(spec: LoopSpec, body: (counter: Value) => void): void {
    const guard = isCertain(spec) ? null : this.pure("i32.lt_s", [spec.start, spec.end]);
    const before = newScope("before", this.#scope, undefined, guard !== null);
    const scope = newScope("body", before, spec.writes);
    this.#forget(spec.writes);
    const counter = this.#induction(scope, spec.range).value;
    const pointers: Pointer[] = [];
    const loop: Loop = { kind: "loop", ...spec, guard, before, body: scope, counter, pointers, counts: true };
    scope.loop = loop;
    this.#within(scope, () => body(counter));
    this.#within(before, () => {
      const length = subIndex(this, spec.end, spec.start);
      for (const p of pointers)
        p.limit = addIndex(this, p.first, mulIndex(this, length, this.constant("i32", p.times)));
    });
    this.#forget(spec.writes);
    this.#scope.items.push(loop);
  }

  /** `sum + loop.counter · times` as a variable that the loop advances; `sum` was computed outside the loop. */
  pointer(loop: Loop, sum: Value, times: number): Value {
    for (const p of loop.pointers) if (p.sum === sum && p.times === times) return p.value;
    const first = this.#within(loop.before, () => {
      return addIndex(this, sum, mulIndex(this, loop.start, this.constant("i32", times)));
    });
    const { value, variable } = this.#induction(loop.body, null);
    loop.pointers.push({ value, variable, first, sum, times, limit: null, counted: false });
    return value;
  }

  #induction(scope: Scope, range: Range | null): { value: Value; variable: Variable } {
    const variable: Variable = { id: this.#nextVariable++, type: "i32", key: "", home: scope, version: 0, known: null };
    const imm: Immediate = { is: "variable", variable };
    return { value: this.#new("induction", "i32", none, imm, scope, range, 0, null), variable };
  }

  #writtenBy(key: string): Written {
    let written = this.#written.get(key);
    if (!written) this.#written.set(key, (written = { version: this.#nextVersion++, variables: [] }));
    return written;
  }

  /** Values as of now of what is written in between are not known any more. */
  #forget(keys: ReadonlySet<string>): void {
    for (const key of keys) {
      const written = this.#writtenBy(key);
      written.version = this.#nextVersion++;
      for (const variable of written.variables) {
        variable.version++;
        variable.known = null;
      }
    }
  }

  #within<T>(scope: Scope, body: () => T): T {
    const outer = this.#scope;
    this.#scope = scope;
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }

  #outermost(op: string, type: WasmType, imm: Immediate, range: Range | null = null, next: Value | null = null): Value {
    return this.#new(op, type, none, imm, this.root, range, 0, next);
  }

  #new(
    op: string,
    type: WasmType,
    args: readonly Value[],
    imm: Immediate,
    scope: Scope,
    range: Range | null,
    version: number,
    next: Value | null,
  ): Value {
    const id = this.#nextId++;
    const number = op === "const" && imm.is === "number" ? imm.value : null;
    // Without a spread, which is slow.
    // prettier-ignore
    return {
      kind: "value", id, op, type, args, imm, number, scope, range, version, next,
      linear: null, uses: 0, inlined: false, place: -1, local: -1, left: 0,
    };
  }

  /** The known value that computes this, else a new one in the outermost scope it may stand in; `reads` is what it reads, if anything. */
  #place(
    op: string,
    number: number,
    type: WasmType,
    args: readonly Value[],
    imm: Immediate,
    version: number,
    range: Range | null,
    reads: string | null,
  ): Value {
    let hash = Math.imul(number + version * 512, prime) ^ (imm === nothing ? 0 : hashOf(imm));
    // As `mixed` does, without its calls.
    for (let i = 0; i < args.length; i++) hash = (Math.imul(hash, prime) ^ args[i]!.id) | 0;
    const first = this.#known.get(hash) ?? null;
    for (let x = first; x; x = x.next)
      if (x.op === op && x.version === version && areArgs(x, args) && (x.imm === imm || isSame(x.imm, imm)))
        if (encloses(x.scope, this.#scope)) return x;
    let least = imm.is === "variable" ? imm.variable.home.depth : 0;
    for (let i = 0; i < args.length; i++) if (args[i]!.scope.depth > least) least = args[i]!.scope.depth;
    let scope = this.#scope;
    while (scope.depth > least && mayLeave(scope, reads)) scope = scope.parent!;
    const value = this.#new(op, type, args, imm, scope, range, version, first);
    this.#known.set(hash, value);
    scope.items.push(value);
    return value;
  }
}

const none: readonly Value[] = [];
const prime = 0x01000193;
const mixed = (hash: number, n: number): number => (Math.imul(hash, prime) ^ n) | 0;

function areArgs(x: Value, args: readonly Value[]): boolean {
  if (x.args.length !== args.length) return false;
  for (let i = 0; i < args.length; i++) if (x.args[i] !== args[i]) return false;
  return true;
}

function areWords(words: Words, a: number, b: number, c: number, d: number): boolean {
  return words[0] === a && words[1] === b && words[2] === c && words[3] === d;
}

function isCertain({ start, end }: LoopSpec): boolean {
  return start.range !== null && end.range !== null && start.range[1] < end.range[0];
}
