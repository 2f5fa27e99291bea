// From the SSA form to the bytes of a function body: drops what nobody uses, keeps single uses on the operand stack,
// gives the rest locals that are reused once their value is dead.
import type { Code } from "./code.js";
import { float, functionBody, signed, unsigned } from "./encoder.js";
import { splattingLoad } from "./lanes.js";
import { countUses, exitOf } from "./liveness.js";
import { instruction, type WasmType } from "./opcodes.js";
import type { If, Item, Loop, Pointer, Scope, Value, Variable } from "./ssa.js";

const blockVoid = 0x40;

/**
 * The body of the function that `code` describes; `indexOf` gives the index of a function by its name. `relaxed`: a product
 * that is only added, or taken away, becomes one instruction with the addition.
 */
export function assemble(code: Code, indexOf: (name: string) => number, relaxed: boolean): number[] {
  countUses(code.root);
  return new Assembler(code, indexOf, relaxed).run();
}

class Assembler {
  readonly #bytes: number[] = [];
  readonly #locals: WasmType[] = [];
  readonly #free: Record<WasmType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  /** Locals of the variables, by their ids. */
  readonly #variables: number[] = [];

  constructor(
    readonly code: Code,
    readonly indexOf: (name: string) => number,
    readonly relaxed: boolean,
  ) {}

  run(): number[] {
    this.#scope(this.code.root);
    return functionBody(this.#locals, this.#bytes);
  }

  #scope(scope: Scope): void {
    for (const item of scope.items) this.#item(item, scope);
    for (const item of scope.items) if (item.kind === "value" && item.local >= 0) this.#release(item);
  }

  #item(item: Item, scope: Scope): void {
    switch (item.kind) {
      case "value":
        if (item.uses > 0 && !item.inlined) this.#define(item, scope);
        return;
      case "effect":
        for (const arg of item.args) this.#push(arg, scope);
        if (item.op === "call") this.#call((item.imm as { name: string }).name);
        else if (item.op !== "result") this.#instruction(item);
        return;
      case "assign":
        this.#push(item.value, scope);
        this.#withIndex(0x21, this.#variable(item.variable));
        return;
      case "if":
        return this.#if(item, scope);
      case "loop":
        return this.#loop(item, scope);
    }
  }

  #define(value: Value, scope: Scope): void {
    this.#compute(value, scope);
    value.local = this.#take(value.type);
    value.left = value.uses;
    this.#withIndex(0x21, value.local);
  }

  #if(item: If, scope: Scope): void {
    this.#push(item.test, scope);
    this.#bytes.push(0x04, blockVoid);
    this.#scope(item.then);
    if (item.otherwise) {
      this.#bytes.push(0x05);
      this.#scope(item.otherwise);
    }
    this.#bytes.push(0x0b);
  }

  #loop(loop: Loop, scope: Scope): void {
    if (loop.guard) {
      this.#push(loop.guard, scope);
      this.#bytes.push(0x04, blockVoid);
    }
    const inner = loop.body;
    for (const item of loop.before.items) this.#item(item, loop.before);
    const counting = loop.counts;
    const pointers = loop.pointers.filter((p) => p.value.uses > 0);
    const counter = counting ? this.#variable(variableOf(loop.counter)) : -1;
    if (counting) {
      this.#push(loop.start, loop.before);
      this.#withIndex(0x21, counter);
    }
    for (const p of pointers) {
      this.#push(p.first, loop.before);
      this.#withIndex(0x21, this.#variable(p.variable));
    }
    this.#bytes.push(0x03, blockVoid);
    this.#scope(inner);
    const exit = counting ? null : exitOf(loop);
    for (const p of pointers) if (p !== exit) this.#advance(p, loop.step, 0x21);
    if (exit) {
      this.#advance(exit, loop.step, 0x22);
      this.#push(exit.limit!, inner);
      this.#op("i32.ne");
    } else {
      this.#withIndex(0x20, counter);
      this.#number(loop.step);
      this.#op("i32.add");
      this.#withIndex(0x22, counter);
      this.#push(loop.end, inner);
      this.#op("i32.lt_s");
    }
    this.#bytes.push(0x0d, 0, 0x0b);
    for (const item of loop.before.items) if (item.kind === "value") this.#release(item);
    if (loop.guard) this.#bytes.push(0x0b);
  }

  #advance(p: Pointer, step: number, setOrTee: number): void {
    this.#withIndex(0x20, this.#variable(p.variable));
    this.#number(p.times * step);
    this.#op("i32.add");
    this.#withIndex(setOrTee, this.#variable(p.variable));
  }

  /** Leaves the value on the stack. */
  #push(value: Value, scope: Scope): void {
    if (value.local < 0) return this.#compute(value, scope);
    this.#withIndex(0x20, value.local);
    if (--value.left === 0 && value.scope === scope) this.#release(value);
  }

  #compute(value: Value, scope: Scope): void {
    const { imm } = value;
    switch (value.op) {
      case "const":
        return this.#constant(value);
      case "param":
        return this.#withIndex(0x20, (imm as { value: number }).value);
      case "global":
        return this.#withIndex(0x23, 0);
      case "get":
      case "induction":
        return this.#withIndex(0x20, this.#variable(variableOf(value)));
    }
    const term = this.relaxed ? productIn(value) : -1;
    if (term >= 0) {
      for (const arg of [...value.args[term]!.args, value.args[1 - term]!]) this.#push(arg, scope);
      return this.#op(`${value.op.slice(0, 5)}.relaxed_${value.op.endsWith("add") ? "madd" : "nmadd"}`);
    }
    const load = value.args.length === 1 && value.args[0]!.inlined ? value.args[0]! : null;
    const fused = load && load.imm.is === "memory" && value.op.endsWith(".splat") ? splattingLoad(load.op) : null;
    const args = fused ? load!.args : value.args;
    for (let i = 0; i < args.length; i++) this.#push(args[i]!, scope);
    if (value.op === "call") this.#call((imm as { name: string }).name);
    else if (value.op !== "copy") this.#instruction(fused ? { op: fused, imm: load!.imm } : value);
  }

  #instruction({ op, imm }: Pick<Value, "op" | "imm">): void {
    this.#op(op);
    if (imm.is === "bytes") this.#bytes.push(...imm.bytes);
    if (imm.is !== "memory") return;
    unsigned(this.#bytes, 0);
    unsigned(this.#bytes, imm.offset);
    if (imm.lane !== undefined) this.#bytes.push(imm.lane);
  }

  #constant({ type, imm }: Value): void {
    if (imm.is === "words") {
      this.#op("v128.const");
      for (const word of imm.words)
        this.#bytes.push(word & 255, (word >> 8) & 255, (word >> 16) & 255, (word >> 24) & 255);
    } else if (imm.is === "number") {
      if (type === "i32") return this.#number(imm.value);
      if (type === "i64") this.#bytes.push(0x42);
      else this.#bytes.push(type === "f32" ? 0x43 : 0x44);
      if (type === "i64") signed(this.#bytes, imm.value);
      else float(this.#bytes, imm.value, type as "f32" | "f64");
    }
  }

  #number(value: number): void {
    this.#bytes.push(0x41);
    signed(this.#bytes, value);
  }

  #op(name: string): void {
    const { bytes } = instruction(name);
    for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i]!);
  }

  #call(name: string): void {
    this.#withIndex(0x10, this.indexOf(name));
  }

  #withIndex(code: number, index: number): void {
    if (index < 128) return void this.#bytes.push(code, index);
    this.#bytes.push(code);
    unsigned(this.#bytes, index);
  }

  #variable(variable: Variable): number {
    return (this.#variables[variable.id] ??= this.#newLocal(variable.type));
  }

  #take(type: WasmType): number {
    return this.#free[type].pop() ?? this.#newLocal(type);
  }

  #newLocal(type: WasmType): number {
    this.#locals.push(type);
    return this.code.params.length + this.#locals.length - 1;
  }

  #release(value: Value): void {
    if (value.local < 0) return;
    this.#free[value.type].push(value.local);
    value.local = -1;
  }
}

/** Which operand of a sum, or of a difference, is a product that nothing else uses; −1 for none. */
function productIn({ op, args }: Value): number {
  const shape =
    op === "f32x4.add" || op === "f32x4.sub" ? "f32x4" : op === "f64x2.add" || op === "f64x2.sub" ? "f64x2" : null;
  if (!shape) return -1;
  const isProduct = (x: Value) => x.inlined && x.op === `${shape}.mul`;
  return isProduct(args[1]!) ? 1 : op.endsWith("add") && isProduct(args[0]!) ? 0 : -1;
}

function variableOf(value: Value): Variable {
  return (value.imm as { variable: Variable }).variable;
}
