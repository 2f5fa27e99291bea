// Arms of a `select` may load from where nothing is as long as they are not selected: padding, concatenation. Both arms are
// computed, so such loads get an address that depends on the test; loads whose offset is provably inside do not.
import type { Expr, Load } from "#ir/expr.js";
import type { Address } from "./address.js";
import type { MemoryArray } from "./bindings.js";
import type { Expressions } from "./expressions.js";
import { addIndex } from "./index-math.js";
import type { Value } from "./ssa.js";

/** A test that must hold, or not, where something is selected. */
export interface Guard {
  readonly test: Expr;
  readonly holds: boolean;
  readonly outer: Guard | null;
  /** What was remembered outside: where the test is computed. */
  readonly memo: unknown;
}

export class Guards {
  #innermost: Guard | null = null;
  readonly #unsafe = new Map<Expr, boolean>();

  constructor(readonly expressions: Expressions) {}

  begin(): void {
    this.#innermost = null;
    if (this.#unsafe.size > 0) this.#unsafe.clear();
  }

  /** Runs `body`, which computes `arm`, under a guard, if the arm has a load that needs one. */
  within(test: Expr, holds: boolean, arm: Expr, body: () => Value): Value {
    if (!this.#isUnsafe(arm)) return body();
    const outer = this.#innermost;
    this.#innermost = { test, holds, outer, memo: this.expressions.memo };
    try {
      return this.expressions.remembering(null, body);
    } finally {
      this.#innermost = outer;
    }
  }

  /** The address of a load in one lane, or that of the array's start where a guard does not hold. */
  protect(load: Load, array: MemoryArray, lane: number, at: Address): Address {
    if (!this.#innermost || this.#isInside(load, array)) return at;
    return this.#choose(this.#condition(this.#innermost, lane), array, at);
  }

  /** The same for a load of neighbouring elements: some lane's guards must hold. */
  protectLanes(load: Load, array: MemoryArray, at: Address): Address {
    if (!this.#innermost || this.#isInside(load, array)) return at;
    return this.#choose(this.#someLane(this.#innermost), array, at);
  }

  #choose(condition: Value, array: MemoryArray, at: Address): Address {
    const { code } = this.expressions;
    const address = addIndex(code, at.base, code.constant("i32", at.offset));
    return { base: code.pure("select", [address, array.base, condition]), offset: 0 };
  }

  /** Computes a guard's test as it was computed outside of the guard. */
  #outside<T>(guard: Guard, body: () => T): T {
    const inner = this.#innermost;
    this.#innermost = guard.outer;
    try {
      return this.expressions.remembering(guard.memo, body);
    } finally {
      this.#innermost = inner;
    }
  }

  #condition(guard: Guard, lane: number): Value {
    const { code } = this.expressions;
    const test = this.#outside(guard, () => this.expressions.scalar(guard.test, lane));
    const own = guard.holds ? test : code.pure("i32.eqz", [test]);
    return guard.outer ? code.pure("i32.and", [this.#condition(guard.outer, lane), own]) : own;
  }

  #someLane(innermost: Guard): Value {
    const { code } = this.expressions;
    let mask: Value | null = null;
    let scalar: Value | null = null;
    for (let guard: Guard | null = innermost; guard; guard = guard.outer) {
      const { test, holds } = guard;
      if (this.expressions.varies(test)) {
        const lanes = this.#outside(guard, () => this.expressions.lanes(test));
        const own = holds ? lanes : code.pure("v128.not", [lanes]);
        mask = mask ? code.pure("v128.and", [mask, own]) : own;
      } else {
        const value = this.#outside(guard, () => this.expressions.scalar(test));
        const own = holds ? value : code.pure("i32.eqz", [value]);
        scalar = scalar ? code.pure("i32.and", [scalar, own]) : own;
      }
    }
    const some = mask && code.pure("v128.any_true", [mask]);
    return some && scalar ? code.pure("i32.and", [some, scalar]) : (some ?? scalar)!;
  }

  #isUnsafe(x: Expr): boolean {
    let unsafe = this.#unsafe.get(x);
    if (unsafe === undefined) this.#unsafe.set(x, (unsafe = this.#findUnsafe(x)));
    return unsafe;
  }

  #findUnsafe(x: Expr): boolean {
    if (x.kind === "call") return x.args.some((a) => this.#isUnsafe(a));
    if (x.kind !== "load") return false;
    const array = this.expressions.array(x.buffer);
    return this.#isUnsafe(x.offset) || (array.kind === "memory" && !this.#isInside(x, array));
  }

  #isInside(load: Load, array: MemoryArray): boolean {
    if (hasLoad(load.offset)) return false;
    const { range } = this.expressions.scalar(load.offset);
    const { vector } = this.expressions;
    const stride = vector && this.expressions.varies(load.offset) ? this.expressions.strideOf(load.offset) : 0;
    if (!range) return false;
    // No one number says how far lanes are apart: each for itself.
    if (stride === null) {
      for (let lane = 0; lane < vector!.lanes; lane++) if (!this.#isLaneInside(load, array, lane)) return false;
      return true;
    }
    const reach = vector ? stride * (vector.lanes - 1) : 0;
    return range[0] + Math.min(0, reach) >= 0 && range[1] + Math.max(0, reach) < array.length;
  }

  #isLaneInside(load: Load, array: MemoryArray, lane: number): boolean {
    const { range } = this.expressions.scalar(load.offset, lane);
    return range !== null && range[0] >= 0 && range[1] < array.length;
  }
}

const withLoads = new WeakMap<Expr, boolean>();

function hasLoad(x: Expr): boolean {
  let found = withLoads.get(x);
  if (found === undefined) withLoads.set(x, (found = x.kind === "load" || (x.kind === "call" && x.args.some(hasLoad))));
  return found;
}
