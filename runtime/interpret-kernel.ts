// A kernel as a tree of JavaScript closures, made once and run at every launch.
import { type DType, isFloat, type TypedArray, zeros } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import type { Call, Expr, Load, Local } from "#ir/expr.js";
import { combinerOf, type Kernel, type Stmt } from "#ir/kernel.js";
import { evaluate } from "#ir/scalar.js";
import { sharedParts } from "#ir/subexpressions.js";
import { CallExpander } from "./expand-calls.js";
import { CheckFailed } from "./program.js";

type Thunk = () => number;
type Action = () => void;

interface BoundArray {
  data: TypedArray;
  readonly name: string;
}

/** Runs one kernel on arrays. Loads and stores outside of them are InternalErrors that name the kernel and the buffer. */
export class KernelInterpreter {
  readonly #arrays = new Map<string, BoundArray>();
  readonly #slots = new Map<string, number>();
  readonly #locals: number[] = [];
  readonly #body: Action;
  /** Counts statements run: what a shared expression gave holds for one of them. */
  #moment = 0;

  constructor(readonly kernel: Kernel) {
    for (const { name, dtype } of kernel.buffers) this.#arrays.set(name, { name, data: zeros(dtype, 0) });
    this.#body = sequence(kernel.stages.flat().map(({ over, extent, body }) => this.#loop(over, () => extent, body)));
  }

  /** `data` in the order of the kernel's buffers. Throws CheckFailed. */
  run(data: readonly TypedArray[]): void {
    this.kernel.buffers.forEach(({ name, length }, i) => {
      this.#arrays.get(name)!.data = data[i]!.length === length ? data[i]! : data[i]!.subarray(0, length);
    });
    this.#body();
  }

  #slot(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) this.#slots.set(name, (slot = this.#locals.push(0) - 1));
    return slot;
  }

  #loop(over: Local, extent: Thunk, body: readonly Stmt[]): Action {
    const slot = this.#slot(over.name);
    const inner = this.#block(body);
    return () => {
      const end = extent();
      for (let i = 0; i < end; i++) {
        this.#locals[slot] = i;
        inner();
      }
    };
  }

  #block(body: readonly Stmt[]): Action {
    return sequence(body.map((s) => this.#statement(s)));
  }

  #statement(s: Stmt): Action {
    switch (s.kind) {
      case "for":
        return this.#loop(s.over, this.#expr([s.extent])[0]!, s.body);
      case "if": {
        const [test] = this.#expr([s.test]);
        const [then, otherwise] = [this.#block(s.then), this.#block(s.else ?? [])];
        return () => (test!() ? then() : otherwise());
      }
      case "let":
      case "set": {
        const [value] = this.#expr([s.value]);
        const slot = this.#slot(s.local.name);
        return () => void (this.#locals[slot] = value!());
      }
      case "accumulate": {
        const [value] = this.#expr([s.value]);
        const slot = this.#slot(s.local.name);
        const { dtype } = s.local;
        const combine = combinerOf(s.fn);
        return () =>
          void (this.#locals[slot] = evaluate(combine, dtype, [this.#locals[slot]!, value!()], [dtype, dtype]));
      }
      case "scratch": {
        const array: BoundArray = { name: s.name, data: zeros(s.dtype, s.length) };
        this.#arrays.set(s.name, array);
        // Nothing may be read that was not written: NaN shows it.
        return () => void array.data.fill(isFloat(s.dtype) ? NaN : 85);
      }
      case "store": {
        const [offset, value] = this.#expr([s.offset, s.value]);
        const array = this.#array(s.buffer);
        return () => void (array.data[this.#inside(array, offset!(), "writes")] = value!());
      }
      case "check": {
        const [test, value] = this.#expr([s.test, s.value]);
        return () => {
          if (!test!()) throw new CheckFailed(s.failure, value!());
        };
      }
    }
  }

  /** The expressions of one statement: what they share is computed once. */
  #expr(roots: readonly Expr[]): readonly Thunk[] {
    const expander = new CallExpander();
    const expanded = roots.map((x) => expander.expand(x));
    const shared = sharedParts(expanded);
    const done = new Map<Expr, Thunk>();
    const compile = (x: Expr): Thunk => {
      let thunk = done.get(x);
      if (!thunk) {
        thunk = this.#thunk(x, compile);
        if (shared.has(x)) thunk = this.#remembered(thunk);
        done.set(x, thunk);
      }
      return thunk;
    };
    return expanded.map((x, i) => (i === 0 ? this.#begin(compile(x)) : compile(x)));
  }

  /** The first expression of a statement: what was remembered before no longer holds. */
  #begin(thunk: Thunk): Thunk {
    return () => {
      this.#moment++;
      return thunk();
    };
  }

  #remembered(thunk: Thunk): Thunk {
    let [moment, value] = [-1, 0];
    return () => {
      if (moment !== this.#moment) [value, moment] = [thunk(), this.#moment];
      return value;
    };
  }

  #thunk(x: Expr, compile: (x: Expr) => Thunk): Thunk {
    switch (x.kind) {
      case "literal":
        return () => x.value;
      case "local": {
        const slot = this.#slot(x.name);
        return () => this.#locals[slot]!;
      }
      case "load":
        return this.#load(x, compile(x.offset));
      case "call":
        return call(x, x.args.map(compile));
      default:
        throw new InternalError(`interpret: kernel ${this.kernel.name} has a "${x.kind}" left`);
    }
  }

  #load(x: Load, offset: Thunk): Thunk {
    const array = this.#array(x.buffer);
    return () => array.data[this.#inside(array, offset(), "reads")]!;
  }

  #array(name: string): BoundArray {
    const array = this.#arrays.get(name);
    if (!array) throw new InternalError(`interpret: kernel ${this.kernel.name} has no buffer ${name}`);
    return array;
  }

  #inside({ name, data }: BoundArray, offset: number, does: "reads" | "writes"): number {
    if (offset >= 0 && offset < data.length) return offset;
    throw new InternalError(
      `interpret: kernel ${this.kernel.name} ${does} element ${offset} of ${name}, which has ${data.length}`,
    );
  }
}

function sequence(actions: readonly Action[]): Action {
  if (actions.length === 1) return actions[0]!;
  return () => {
    for (let i = 0; i < actions.length; i++) actions[i]!();
  };
}

/** Selects evaluate only the arm they take: the other may load from where nothing is. */
function call({ fn, dtype, args }: Call, parts: readonly Thunk[]): Thunk {
  const [a, b, c] = parts as [Thunk, Thunk, Thunk];
  if (fn === "select") return () => (a() ? b() : c());
  const from: readonly DType[] = args.map((x) => x.dtype);
  if (parts.length === 1) return () => evaluate(fn, dtype, [a()], from);
  return () => evaluate(fn, dtype, [a(), b()], from);
}
