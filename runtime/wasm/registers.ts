// Scratch arrays whose elements live in WebAssembly locals. Elements that vector loops touch together share a vector: which do is
// seen at the first touch, and recorded of all. Where later ones do not agree, the function is built again from the record;
// arrays touched in ways that do not agree at all live in memory.
import type { DType } from "#ir/dtype.js";
import type { Code } from "./code.js";
import { extractLane, replaceLane, scalarType, type LaneCount } from "./lanes.js";
import type { Scope, Value, Variable } from "./ssa.js";

/** How the elements of one array are grouped: the first elements of vectors, and their lanes. Null: in memory. */
export type Grouping = ReadonlyMap<number, LaneCount> | null;

/** How the arrays of a function are touched. */
export class RegisterUse {
  readonly #groups = new Map<string, Map<number, LaneCount> | null>();
  /** Whether the groups of some array were not what its first touches showed. */
  #surprised = false;

  get surprised(): boolean {
    return this.#surprised;
  }

  surprise(): void {
    this.#surprised = true;
  }

  /** `lanes` elements from `start` are touched together; null where it is not known which. */
  record(array: string, start: number | null, lanes: LaneCount | 1): void {
    let groups = this.#groups.get(array);
    if (groups === null) return;
    if (!groups) this.#groups.set(array, (groups = new Map()));
    const before = start === null ? undefined : groups.get(start);
    if (start === null || (lanes > 1 && before !== undefined && before !== lanes)) {
      this.#groups.set(array, null);
      this.#surprised = true;
    } else if (lanes > 1) groups.set(start, lanes as LaneCount);
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
  /** The first element of the group of each element, and how many it has: 1 where it is alone. */
  readonly #groupOf = new Map<number, number>();
  readonly #lanesAt = new Map<number, LaneCount | 1>();

  constructor(
    readonly code: Code,
    readonly name: string,
    readonly dtype: DType,
    /** Null where touches are to show how elements are grouped: told `use` where they do not agree. */
    grouping: Grouping,
    readonly use: RegisterUse,
  ) {
    this.#home = code.scope;
    if (grouping) for (const [start, lanes] of grouping) this.#group(start, lanes);
  }

  load(element: number): Value {
    const start = this.#startOf(element);
    const lanes = this.#lanesAt.get(start)!;
    const value = this.code.get(this.#variable(start));
    return lanes === 1 ? value : extractLane(this.code, value, this.dtype, lanes, element - start);
  }

  store(element: number, value: Value): void {
    const start = this.#startOf(element);
    const lanes = this.#lanesAt.get(start)!;
    const variable = this.#variable(start);
    if (lanes === 1) return this.code.assign(variable, value);
    const vector = this.code.get(variable);
    this.code.assign(variable, replaceLane(this.code, vector, value, this.dtype, lanes, element - start));
  }

  /** The vector whose first element is `start`. */
  loadVector(start: number, lanes: LaneCount): Value {
    this.#group(start, lanes);
    return this.code.get(this.#variable(start));
  }

  storeVector(start: number, lanes: LaneCount, value: Value): void {
    this.#group(start, lanes);
    this.code.assign(this.#variable(start), value);
  }

  #group(start: number, lanes: LaneCount): void {
    const known = this.#lanesAt.get(start);
    if (known === lanes) return;
    if (known !== undefined) return this.use.surprise();
    for (let i = 0; i < lanes; i++) {
      if (this.#groupOf.has(start + i)) this.use.surprise();
      this.#groupOf.set(start + i, start);
    }
    this.#lanesAt.set(start, lanes);
  }

  #startOf(element: number): number {
    let start = this.#groupOf.get(element);
    if (start === undefined) {
      this.#groupOf.set(element, (start = element));
      this.#lanesAt.set(element, 1);
    }
    return start;
  }

  #variable(start: number): Variable {
    let variable = this.#variables.get(start);
    if (!variable) {
      const type = this.#lanesAt.get(start) === 1 ? scalarType(this.dtype) : "v128";
      this.#variables.set(start, (variable = this.code.variable(type, this.name, this.#home)));
    }
    return variable;
  }
}
