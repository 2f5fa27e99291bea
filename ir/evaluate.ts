// Evaluates scalar expressions with reads: an expression becomes a tree of JavaScript closures, once, and is then run at
// every index. Shared parts are remembered as long as the locals they depend on stand still.
import { type DType, isFloat, toDType, type TypedArray } from "./dtype.js";
import { InternalError, RunError } from "./errors.js";
import type { Call, Expr, Load, Read, Reduce } from "./expr.js";
import { combinerOf, identityOf } from "./kernel.js";
import { evaluate } from "./scalar.js";
import { sharedParts } from "./subexpressions.js";
import { type ConcreteType, stridesOf } from "./type.js";

/** An operand: its type and its elements in row-major order. */
export interface Source {
  readonly type: ConcreteType;
  readonly data: TypedArray;
}

/** Computes an expression for the values of its locals; `locals[slot]` is set by the caller. */
export interface Evaluator {
  readonly locals: number[];
  readonly run: () => number;
}

type Thunk = () => number;

/**
 * Compiles `expr`, whose index locals are called `names`, in the order of `locals`. Float reductions accumulate in double
 * precision and round once. Running it throws RunError where a bounded index is out of range.
 */
export function evaluator(expr: Expr, names: readonly string[], sources: readonly Source[]): Evaluator {
  const compiler = new Compiler(names, sources, sharedParts([expr]));
  const { run } = compiler.compile(expr);
  return { locals: compiler.locals, run };
}

/** Computes expressions that share locals, over arrays that change between runs. */
export interface Evaluation {
  readonly locals: number[];
  /** Where in `locals` a local stands. */
  slotOf(name: string): number;
  compile(expr: Expr): () => number;
}

/** The same for many expressions: `load`s read `arrays`, which exist by the time they run. */
export function evaluation(sources: readonly Source[], arrays: ReadonlyMap<string, TypedArray>): Evaluation {
  const compiler = new Compiler([], sources, new Set(), arrays);
  return {
    locals: compiler.locals,
    slotOf: (name) => compiler.slotOf(name),
    compile: (expr) => compiler.compile(expr).run,
  };
}

interface Compiled {
  readonly run: Thunk;
  /** Slots of the locals that the value depends on. */
  readonly slots: readonly number[];
}

class Compiler {
  readonly locals: number[];
  readonly #slots: Map<string, number>;
  readonly #done = new Map<Expr, Compiled>();

  constructor(
    names: readonly string[],
    readonly sources: readonly Source[],
    readonly shared: ReadonlySet<Expr>,
    readonly arrays: ReadonlyMap<string, TypedArray> = new Map(),
  ) {
    this.locals = names.map(() => 0);
    this.#slots = new Map(names.map((name, slot) => [name, slot]));
  }

  compile(x: Expr): Compiled {
    let made = this.#done.get(x);
    if (!made) {
      made = this.#make(x);
      if (this.shared.has(x) || x.kind === "reduce") made = remembered(made, this.locals);
      this.#done.set(x, made);
    }
    return made;
  }

  #make(x: Expr): Compiled {
    switch (x.kind) {
      case "literal":
        return { run: () => x.value, slots: [] };
      case "local": {
        const slot = this.slotOf(x.name);
        return { run: () => this.locals[slot]!, slots: [slot] };
      }
      case "call":
        return this.#call(x);
      case "read":
        return this.#read(x);
      case "reduce":
        return this.#reduce(x);
      case "bounded": {
        const { run, slots } = this.compile(x.value);
        return { run: () => inRange(run(), x.extent), slots };
      }
      case "load":
        return this.#load(x);
    }
  }

  #call({ fn, dtype, args }: Call): Compiled {
    const parts = args.map((arg) => this.compile(arg));
    const slots = union(parts);
    const [a, b, c] = parts.map((part) => part.run);
    // Both sides, as a backend may that works on vectors: their reads must be in bounds whatever the test says.
    if (fn === "select") return { run: () => chosen(a!(), b!(), c!()), slots };
    const from = args.map((arg) => arg.dtype);
    if (!b) return { run: () => evaluate(fn, dtype, [a!()], from), slots };
    return { run: () => evaluate(fn, dtype, [a!(), b()], from), slots };
  }

  #load({ buffer, offset }: Load): Compiled {
    const { run: at, slots } = this.compile(offset);
    const run = () => {
      const data = this.arrays.get(buffer);
      const value = data?.[at()];
      if (value === undefined) throw new InternalError(`reference: loads element ${at()} of ${buffer}, which has ${data?.length ?? "no"} elements`); // prettier-ignore
      return value;
    };
    return { run, slots };
  }

  #read({ operand, index }: Read): Compiled {
    const { type, data } = this.sources[operand]!;
    const strides = stridesOf(type.shape);
    const parts = index.map((i) => this.compile(i));
    const run = () => {
      let offset = 0;
      for (let axis = 0; axis < parts.length; axis++) {
        const i = parts[axis]!.run();
        if (!(i >= 0 && i < type.shape[axis]!)) {
          throw new InternalError(`reference: reads element ${i} of axis ${axis} of operand ${operand}, [${type.shape.join()}]`); // prettier-ignore
        }
        offset += i * strides[axis]!;
      }
      return data[offset]!;
    };
    return { run, slots: union(parts) };
  }

  #reduce({ fn, dtype, over, body }: Reduce): Compiled {
    const slot = this.slotOf(over.name);
    const part = this.compile(body);
    const combine = combinerOf(fn);
    const wide: DType = isFloat(dtype) ? "f64" : dtype;
    const from = [wide, wide];
    const run = () => {
      let total = identityOf(fn, dtype);
      const before = this.locals[slot]!;
      for (let i = 0; i < over.extent!; i++) {
        this.locals[slot] = i;
        total = evaluate(combine, wide, [total, part.run()], from);
      }
      this.locals[slot] = before;
      return toDType(dtype, total);
    };
    return { run, slots: part.slots.filter((s) => s !== slot) };
  }

  slotOf(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.locals.push(0) - 1;
      this.#slots.set(name, slot);
    }
    return slot;
  }
}

function chosen(test: number, then: number, otherwise: number): number {
  return test ? then : otherwise;
}

function inRange(value: number, extent: number): number {
  if (value >= 0 && value < extent) return value;
  throw new RunError(`index ${value} is out of range 0 to ${extent - 1}`);
}

function union(parts: readonly Compiled[]): readonly number[] {
  return [...new Set(parts.flatMap((part) => part.slots))];
}

/** The same value, computed anew only when a local it depends on has changed. */
function remembered({ run, slots }: Compiled, locals: readonly number[]): Compiled {
  const seen = slots.map(() => NaN);
  let value = 0;
  let known = false;
  const recall = () => {
    let same = known;
    for (let i = 0; i < slots.length; i++) if (locals[slots[i]!] !== seen[i]) same = false;
    if (same) return value;
    for (let i = 0; i < slots.length; i++) seen[i] = locals[slots[i]!]!;
    known = false;
    value = run();
    known = true;
    return value;
  };
  return { run: recall, slots };
}
