// Transcendental functions of vectors, written out as their expressions over primitives.
import type { DType } from "#ir/dtype.js";
import { type Expr, local } from "#ir/expr.js";
import { expand } from "#ir/functions/index.js";
import type { Transcendental } from "#ir/scalar.js";
import type { Code } from "./code.js";
import { Expressions } from "./expressions.js";
import { joinHalves, type LaneCount, upperHalf } from "./lanes.js";
import type { Value } from "./ssa.js";
import { Variation } from "./variation.js";

/** `fn` of vectors, as its expression over primitives: a quarter faster than a call in loops, but longer. */
export function writeOut(code: Code, fn: Transcendental, dtype: DType, args: readonly Value[]): Value {
  const names = args.map((_, i) => `x${i}`);
  const body = expand(
    fn,
    names.map((name) => local(name, dtype)),
  );
  return inLanes(
    code,
    names.map((name, i) => [name, args[i]!] as const),
    dtype === "f64" ? 2 : 4,
  ).lanes(body);
}

/** For expressions over locals that stand for values which vary from lane to lane. */
function inLanes(code: Code, named: Iterable<readonly [string, Value]>, lanes: LaneCount): Expressions {
  const expressions = new Expressions(code, () => {});
  const lets = new Map(named);
  const variation = new Variation("", [], [...lets.keys()]);
  expressions.vector = { lanes, base: code.constant("i32", 0), variation, lets, accumulators: new Map() };
  return expressions;
}

/** Expressions in two halves of two lanes each, as f64 take part in them; their results are f32. */
export class Halves {
  readonly #lower: Expressions;
  readonly #upper: Expressions;

  constructor(
    readonly code: Code,
    lets: ReadonlyMap<string, Value>,
  ) {
    const raised = [...lets].map(([name, value]) => [name, upperHalf(code, value)] as const);
    this.#lower = inLanes(code, lets, 2);
    this.#upper = inLanes(code, raised, 2);
  }

  lanes(x: Expr): Value {
    return joinHalves(this.code, this.#lower.lanes(x), this.#upper.lanes(x));
  }
}
