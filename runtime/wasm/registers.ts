// Scratch arrays whose elements live in WebAssembly locals. A first pass over the kernel records how each array is touched;
// elements that vector loops touch together share a vector. Arrays touched in ways that do not agree live in memory.
import type { DType } from "#ir/dtype.js";
import type { Code } from "./code.js";
import { extractLane, replaceLane, scalarType, type LaneCount } from "./lanes.js";
import type { Scope, Value, Variable } from "./ssa.js";

/** How the elements of one array are grouped: the first elements of vectors, and their lanes. Null: in memory. */
export type Grouping = ReadonlyMap<number, LaneCount> | null;

/** What the first pass saw. */
export class RegisterUse {
  readonly #groups = new Map<string, Map<number, LaneCount> | null>();

  /** `lanes` elements from `start` are touched together; null where it is not known which. */
  record(array: string, start: number | null, lanes: LaneCount | 1): void {
    let groups = this.#groups.get(array);
    if (groups === null) return;
    if (!groups) this.#groups.set(array, (groups = new Map()));
    const before = start === null ? undefined : groups.get(start);
    if (start === null || (lanes > 1 && before !== undefined && before !== lanes)) this.#groups.set(array, null);
    else if (lanes > 1) groups.set(start, lanes as LaneCount);
  }

  groupingOf(array: string): Grouping {
    const groups = this.#groups.get(array) ?? (this.#groups.has(array) ? null : new Map<number, LaneCount>());
    if (!groups) return null;
    const sorted = [...groups].sort(([a], [b]) => a - b);
    const apart = sorted.every(([start], i) => i === 0 || sorted[i - 1]![0] + sorted[i - 1]![1] <= start);
    return apart ? groups : null;
  }
}

/** An array in locals. */
export class RegisterArray {
  readonly #variables = new Map<number, Variable>();
  readonly #home: Scope;
  readonly #groupOf = new Map<number, number>();

  constructor(
    readonly code: Code,
    readonly name: string,
    readonly dtype: DType,
    readonly grouping: NonNullable<Grouping>,
  ) {
    this.#home = code.scope;
    for (const [start, lanes] of grouping) for (let i = 0; i < lanes; i++) this.#groupOf.set(start + i, start);
  }

  load(element: number): Value {
    const start = this.#groupOf.get(element);
    if (start === undefined) return this.code.get(this.#variable(element));
    const lanes = this.grouping.get(start)!;
    return extractLane(this.code, this.code.get(this.#variable(start)), this.dtype, lanes, element - start);
  }

  store(element: number, value: Value): void {
    const start = this.#groupOf.get(element);
    if (start === undefined) return this.code.assign(this.#variable(element), value);
    const variable = this.#variable(start);
    const lanes = this.grouping.get(start)!;
    this.code.assign(
      variable,
      replaceLane(this.code, this.code.get(variable), value, this.dtype, lanes, element - start),
    );
  }

  /** The vector whose first element is `start`. */
  loadVector(start: number): Value {
    return this.code.get(this.#variable(start));
  }

  storeVector(start: number, value: Value): void {
    this.code.assign(this.#variable(start), value);
  }

  #variable(start: number): Variable {
    let variable = this.#variables.get(start);
    if (!variable) {
      const type = this.grouping.has(start) ? "v128" : scalarType(this.dtype);
      this.#variables.set(start, (variable = this.code.variable(type, this.name, this.#home)));
    }
    return variable;
  }
}
