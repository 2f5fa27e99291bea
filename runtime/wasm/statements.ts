// From the statements of the Kernel IR to code: loops, branches, locals, stores and checks, one iteration at a time.
import { InternalError } from "#ir/errors.js";
import type { Local } from "#ir/expr.js";
import { combinerOf, type Stmt } from "#ir/kernel.js";
import { itemSize } from "#ir/dtype.js";
import { storeScalar } from "./access.js";
import { isVectorizable, writesOf } from "./body-facts.js";
import type { Code } from "./code.js";
import type { Expressions } from "./expressions.js";
import { addIndex, compareIndex, constantOf } from "./index-math.js";
import { scalarType } from "./lanes.js";
import { RegisterArray, type RegisterUse } from "./registers.js";
import { scalarOp } from "./scalar-ops.js";
import type { Range, Value, Variable } from "./ssa.js";
import { VectorLoop } from "./vector-loop.js";

type Of<K extends Stmt["kind"]> = Extract<Stmt, { kind: K }>;

/** The name under which modules import the function that stops a run: `(failure: i32, value: f64)`. */
export const failFunction = "fail";
const scratchAlignment = 64;

export class Statements {
  /** Bytes of the scratch arrays in memory that were met so far. */
  threadScratch = 0;

  constructor(
    readonly code: Code,
    readonly expressions: Expressions,
    /** Locals that something sets after their `let`. */
    readonly changing: ReadonlySet<string>,
    /** How the arrays in registers are touched, as far as known. */
    readonly use: RegisterUse,
    /** Of a function built before; null where this is the first time. */
    readonly known: RegisterUse | null,
  ) {}

  emit(stmts: readonly Stmt[]): void {
    for (const s of stmts) {
      this.expressions.begin();
      this.#emit(s);
    }
  }

  #emit(s: Stmt): void {
    const { code, expressions } = this;
    switch (s.kind) {
      case "let": {
        const value = expressions.scalar(s.value);
        if (!this.changing.has(s.local.name)) return void expressions.locals.set(s.local.name, value);
        const variable = code.variable(scalarType(s.local.dtype), s.local.name);
        expressions.locals.set(s.local.name, variable);
        return code.assign(variable, value);
      }
      case "set":
        return code.assign(this.variableOf(s.local), expressions.scalar(s.value));
      case "accumulate":
        return this.accumulate(s, expressions.scalar(s.value));
      case "store":
        return this.#store(s);
      case "check":
        return this.#check(s);
      case "scratch":
        return this.#scratch(s);
      case "if":
        return this.#if(s);
      case "for":
        return this.#for(s);
    }
  }

  /** `local = local fn value`. */
  accumulate({ local, fn }: Pick<Of<"accumulate">, "local" | "fn">, value: Value): void {
    const variable = this.variableOf(local);
    const { dtype } = local;
    this.code.assign(
      variable,
      scalarOp(this.code, combinerOf(fn), dtype, [dtype, dtype], [this.code.get(variable), value]),
    );
  }

  variableOf(local: Local): Variable {
    const binding = this.expressions.locals.get(local.name);
    if (!binding || !("home" in binding)) throw new InternalError(`wasm: local "${local.name}" cannot be set`);
    return binding;
  }

  /** Runs `body` for the counter from `start` to before `end`; inline where that is known to be once, or never. */
  counted(start: Value, end: Value, step: number, writes: ReadonlySet<string>, body: (counter: Value) => void): void {
    const first = constantOf(start);
    const last = constantOf(end);
    if (first !== null && last !== null && last <= first) return;
    if (first !== null && last !== null && last - first <= step) return body(start);
    // Steps fit evenly, so that a whole one is left in the last round.
    const low = start.range?.[0] ?? 0;
    const range: Range | null = end.range && [low, Math.max(low, end.range[1] - step)];
    this.code.loop({ start, end, step, writes, range }, body);
  }

  #store(s: Of<"store">): void {
    const array = this.expressions.array(s.buffer);
    const value = this.expressions.scalar(s.value);
    if (array.kind === "memory") {
      return storeScalar(this.code, array.dtype, array.key, this.expressions.address(array, s.offset, 0), value);
    }
    const element = constantOf(this.expressions.scalar(s.offset));
    this.expressions.watch(s.buffer, element, 1);
    array.array.store(element ?? 0, value);
  }

  #check(s: Of<"check">): void {
    const { code, expressions } = this;
    const test = expressions.scalar(s.test);
    if (constantOf(test) === 1) return;
    code.branch(code.pure("i32.eqz", [test]), new Set(), () => {
      const value = scalarOp(code, "toF64", "f64", [s.value.dtype], [expressions.scalar(s.value)]);
      code.effect("call", [code.constant("i32", s.failure), value], { is: "function", name: failFunction });
    });
    code.markChecked();
  }

  #scratch(s: Of<"scratch">): void {
    const { code, expressions } = this;
    const { name, dtype, length } = s;
    const grouping = this.known?.groupingOf(name) ?? null;
    if (s.in === "registers" && (grouping || !this.known)) {
      const array = new RegisterArray(code, name, dtype, grouping, this.use);
      return void expressions.arrays.set(name, { kind: "registers", array, dtype });
    }
    const base = addIndex(code, code.global(), code.constant("i32", this.threadScratch));
    this.threadScratch += Math.ceil((length * itemSize(dtype)) / scratchAlignment) * scratchAlignment;
    expressions.arrays.set(name, { kind: "memory", key: name, dtype, length, base });
  }

  #if(s: Of<"if">): void {
    const test = this.expressions.scalar(s.test);
    const known = constantOf(test);
    if (known !== null) return this.emit(known ? s.then : (s.else ?? []));
    const otherwise = s.else;
    this.code.branch(test, writesOf([s]), () => this.emit(s.then), otherwise ? () => this.emit(otherwise) : null);
  }

  #for(s: Of<"for">): void {
    const { code, expressions } = this;
    const extent = this.#extentOf(s);
    const length = constantOf(extent);
    const once = (counter: Value): void => {
      expressions.locals.set(s.over.name, counter);
      this.emit(s.body);
    };
    if (s.as === "unrolled" && length !== null) {
      for (let i = 0; i < length; i++) once(code.constant("i32", i));
    } else if (s.as === "vector" && isVectorizable(s.body)) {
      new VectorLoop(this, s.over.name, extent, s.body, writesOf(s.body), once).emit();
    } else this.counted(code.constant("i32", 0), extent, 1, writesOf(s.body), once);
  }

  /** The extent, not below 0, with what its type and the loop's variable say of its upper bound. */
  #extentOf(s: Of<"for">): Value {
    const extent = this.expressions.scalar(s.extent);
    if (extent.range && extent.range[0] >= 0) return extent;
    const { code } = this;
    const zero = code.constant("i32", 0);
    const most = Math.min(extent.range?.[1] ?? Infinity, s.over.extent ?? 2 ** 31 - 1);
    return code.pure("select", [extent, zero, compareIndex(code, "gt", extent, zero)], undefined, [
      0,
      Math.max(0, most),
    ]);
  }
}
