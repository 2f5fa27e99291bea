// A function under construction. Equal computations become one value, and each value is placed as far out of the loops
// as its operands, the writes of the loops and the checks allow.
import { addIndex, mulIndex, subIndex } from "./index-math.js";
import { resultType, type WasmType } from "./opcodes.js";
import { encloses, keyOf, mayLeave, newScope, nothing } from "./ssa.js";
import type { Immediate, Loop, LoopSpec, Pointer, Range, Scope, Value, Variable } from "./ssa.js";

export class Code {
  readonly root = newScope("function", null);
  /** Names of the functions it calls. */
  readonly calls = new Set<string>();
  readonly params: readonly Value[];
  #scope: Scope = this.root;
  #nextId = 0;
  #nextVariable = 0;
  /** The i32 constants, which are asked for most. */
  readonly #numbers = new Map<number, Value>();
  readonly #versions = new Map<string, number>();
  readonly #byKey = new Map<string, Variable[]>();

  constructor(readonly paramTypes: readonly WasmType[]) {
    this.params = paramTypes.map((type, i) => this.#outermost("param", type, { is: "number", value: i }, null));
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** A number of the type. */
  constant(type: "i32" | "i64" | "f32" | "f64", value: number): Value {
    const known = type === "i32" ? this.#numbers.get(value) : undefined;
    if (known) return known;
    const made = this.#outermost("const", type, { is: "number", value }, type === "i32" ? [value, value] : null);
    if (type === "i32") this.#numbers.set(value, made);
    return made;
  }

  /** A vector of sixteen bytes. */
  constantVector(bytes: readonly number[]): Value {
    return this.#outermost("const", "v128", { is: "bytes", bytes }, null);
  }

  /** The module's global number 0, an i32. */
  global(): Value {
    return this.#outermost("global", "i32", nothing, null);
  }

  /** An instruction without side effects that reads no memory. */
  pure(op: string, args: readonly Value[], imm: Immediate = nothing, range: Range | null = null): Value {
    const type = op === "select" ? args[0]!.type : resultType(op);
    return this.#place(op, type, args, imm, `${op}(${args.map((x) => x.id).join()})${keyOf(imm)}`, range, null);
  }

  /** A call of a pure function of this module. */
  call(name: string, args: readonly Value[], type: WasmType): Value {
    this.calls.add(name);
    return this.#place(
      "call",
      type,
      args,
      { is: "function", name },
      `${name}(${args.map((x) => x.id).join()})`,
      null,
      null,
    );
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
    const version = this.#versions.get(key) ?? 0;
    const imm: Immediate = { is: "memory", offset, lane };
    const id = `${op}(${args.map((x) => x.id).join()})${offset}:${lane ?? ""}@${key}:${version}`;
    return this.#place(op, resultType(op), args, imm, id, range, key);
  }

  /** `x`, of which is known that it lies in `0 ≤ x < extent`. */
  bounded(x: Value, extent: number): Value {
    if (x.range && x.range[0] >= 0 && x.range[1] < extent) return x;
    return this.#place("copy", "i32", [x], nothing, `copy(${x.id})${extent}`, [0, Math.max(0, extent - 1)], null);
  }

  /** A store to the buffer known by `key`; `args` begin with the address. */
  store(op: string, key: string, args: readonly Value[], offset: number, lane?: number): void {
    this.effect(op, args, { is: "memory", offset, lane });
    this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1);
  }

  effect(op: string, args: readonly Value[], imm: Immediate = nothing): void {
    this.#scope.items.push({ kind: "effect", op, args, imm });
  }

  /** A new variable, first assigned in `home`; `key` stands for it in the `writes` of loops and branches inside of it. */
  variable(type: WasmType, key: string, home: Scope = this.#scope): Variable {
    const variable: Variable = { id: this.#nextVariable++, type, key, home, version: 0, known: null };
    const siblings = this.#byKey.get(key);
    if (siblings) siblings.push(variable);
    else this.#byKey.set(key, [variable]);
    return variable;
  }

  get(variable: Variable): Value {
    if (variable.known && encloses(variable.known.scope, this.#scope)) return variable.known.value;
    const imm: Immediate = { is: "variable", variable };
    return this.#place("get", variable.type, [], imm, `get ${variable.id}@${variable.version}`, null, variable.key);
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
    const before = newScope("before", this.#scope, new Set(), guard !== null);
    const scope = newScope("body", before, spec.writes);
    this.#forget(spec.writes);
    const counter = this.#induction(scope, spec.range).value;
    const pointers: Pointer[] = [];
    const loop: Loop = { kind: "loop", ...spec, guard, before, body: scope, counter, pointers };
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
    const key = `pointer ${sum.id}*${times}`;
    const known = loop.body.values.get(key);
    if (known) return known;
    const first = this.#within(loop.before, () => {
      return addIndex(this, sum, mulIndex(this, loop.start, this.constant("i32", times)));
    });
    const { value, variable } = this.#induction(loop.body, null);
    loop.pointers.push({ value, variable, first, times, limit: null });
    loop.body.values.set(key, value);
    return value;
  }

  #induction(scope: Scope, range: Range | null): { value: Value; variable: Variable } {
    const variable = this.variable("i32", "");
    const imm: Immediate = { is: "variable", variable };
    const value: Value = {
      kind: "value",
      id: this.#nextId++,
      op: "induction",
      type: "i32",
      args: [],
      imm,
      scope,
      range,
    };
    return { value, variable };
  }

  /** Values as of now of what is written in between are not known any more. */
  #forget(keys: ReadonlySet<string>): void {
    for (const key of keys) {
      this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1);
      for (const variable of this.#byKey.get(key) ?? []) {
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

  #outermost(op: string, type: WasmType, imm: Immediate, range: Range | null): Value {
    const key = `${op} ${type}${keyOf(imm)}`;
    let value = this.root.values.get(key);
    if (!value) {
      value = { kind: "value", id: this.#nextId++, op, type, args: [], imm, scope: this.root, range };
      this.root.values.set(key, value);
    }
    return value;
  }

  /** The known value `key`, else a new one in the outermost scope it may stand in; `reads` is what it reads, if anything. */
  #place(
    op: string,
    type: WasmType,
    args: readonly Value[],
    imm: Immediate,
    key: string,
    range: Range | null,
    reads: string | null,
  ): Value {
    for (let s: Scope | null = this.#scope; s; s = s.parent) {
      const known = s.values.get(key);
      if (known) return known;
    }
    const home = imm.is === "variable" ? imm.variable.home.depth : 0;
    const least = args.reduce((depth, x) => Math.max(depth, x.scope.depth), home);
    let scope = this.#scope;
    while (scope.depth > least && mayLeave(scope, reads)) scope = scope.parent!;
    const value: Value = { kind: "value", id: this.#nextId++, op, type, args, imm, scope, range };
    scope.values.set(key, value);
    scope.items.push(value);
    return value;
  }
}

function isCertain({ start, end }: LoopSpec): boolean {
  return start.range !== null && end.range !== null && start.range[1] < end.range[0];
}
