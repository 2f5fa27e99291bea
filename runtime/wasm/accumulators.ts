// What a vector loop accumulates: a vector per local and copy of the body, whose lanes are combined after the loop.
//
// The instruction for a maximum that passes NaN on and orders zeros takes eight operations of the processor, each waiting
// for the one before. So a long loop keeps the greatest number (`pmax`: one operation, which skips NaN), whether any
// element was NaN, and the signs; a maximum of zero is -0 where all elements were negative.
import type { DType } from "#ir/dtype.js";
import type { Local, Reducer } from "#ir/expr.js";
import { combinerOf, identityOf } from "#ir/kernel.js";
import type { Code } from "./code.js";
import { constantLanes, laneShape, type LaneCount } from "./lanes.js";
import type { Value, Variable } from "./ssa.js";
import { vectorOp } from "./vector-ops.js";

/** One vector that a copy of a loop's body accumulates. */
export interface Accumulator {
  /** Names of its variables, as loops know what they write. */
  readonly keys: readonly string[];
  add(value: Value): void;
  /** Takes in another of its kind. */
  join(other: Accumulator): void;
  /** The lanes' results so far. */
  result(): Value;
}

/** Starts an accumulator; `long` where the loop has so many iterations that a costly end does not matter. */
export function newAccumulator(
  code: Code,
  { local, fn }: { readonly local: Local; readonly fn: Reducer },
  lanes: LaneCount,
  copy: number,
  long: boolean,
): Accumulator {
  const { dtype } = local;
  const name = `${local.name} lanes ${copy}`;
  const extreme = fn === "max" || fn === "min";
  if (long && extreme && (dtype === "f32" || dtype === "f64")) return new Extreme(code, name, fn, dtype);
  return new Plain(code, name, fn, dtype, lanes);
}

class Plain implements Accumulator {
  readonly keys: readonly string[];
  readonly #variable: Variable;

  constructor(
    readonly code: Code,
    name: string,
    readonly fn: Reducer,
    readonly dtype: DType,
    readonly lanes: LaneCount,
  ) {
    this.#variable = code.variable("v128", name);
    this.keys = [name];
    code.assign(this.#variable, same(code, dtype, identityOf(fn, dtype)));
  }

  add(value: Value): void {
    const { code, dtype } = this;
    const args = [this.result(), value];
    code.assign(this.#variable, vectorOp(code, combinerOf(this.fn), dtype, [dtype, dtype], args, this.lanes));
  }

  join(other: Plain): void {
    this.add(other.result());
  }

  result(): Value {
    return this.code.get(this.#variable);
  }
}

class Extreme implements Accumulator {
  readonly keys: readonly string[];
  readonly #extreme: Variable;
  readonly #anyNaN: Variable;
  readonly #signs: Variable;

  constructor(
    readonly code: Code,
    name: string,
    readonly fn: "max" | "min",
    readonly dtype: "f32" | "f64",
  ) {
    this.keys = [name, `${name} NaN`, `${name} signs`];
    [this.#extreme, this.#anyNaN, this.#signs] = this.keys.map((key) => code.variable("v128", key)) as [
      Variable,
      Variable,
      Variable,
    ];
    code.assign(this.#extreme, same(code, dtype, identityOf(fn, dtype)));
    code.assign(this.#anyNaN, same(code, dtype, 0));
    code.assign(this.#signs, same(code, dtype, fn === "max" ? -0 : 0));
  }

  add(value: Value): void {
    const { code } = this;
    this.#take(value, code.pure(`${laneShape(this.dtype)}.ne`, [value, value]), value);
  }

  join(other: Extreme): void {
    const { code } = this;
    this.#take(code.get(other.#extreme), code.get(other.#anyNaN), code.get(other.#signs));
  }

  #take(value: Value, isNaN: Value, signs: Value): void {
    const { code, fn } = this;
    const shape = laneShape(this.dtype);
    code.assign(this.#extreme, code.pure(`${shape}.p${fn}`, [code.get(this.#extreme), value]));
    code.assign(this.#anyNaN, code.pure("v128.or", [code.get(this.#anyNaN), isNaN]));
    code.assign(this.#signs, code.pure(fn === "max" ? "v128.and" : "v128.or", [code.get(this.#signs), signs]));
  }

  result(): Value {
    const { code, dtype } = this;
    const extreme = code.get(this.#extreme);
    const zero = code.pure("v128.and", [code.get(this.#signs), same(code, dtype, -0)]);
    const isZero = code.pure(`${laneShape(dtype)}.eq`, [extreme, same(code, dtype, 0)]);
    const number = code.pure("v128.bitselect", [zero, extreme, isZero]);
    return code.pure("v128.or", [number, code.get(this.#anyNaN)]);
  }
}

function same(code: Code, dtype: DType, value: number): Value {
  return constantLanes(code, dtype, [value, value, value, value]);
}
