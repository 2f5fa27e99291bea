// What names in a kernel's expressions stand for: arrays in memory or in locals, scalar locals, the lanes of a vector loop.
import type { DType } from "#ir/dtype.js";
import type { Accumulator } from "./accumulators.js";
import type { LaneCount } from "./lanes.js";
import type { RegisterArray } from "./registers.js";
import type { Value, Variable } from "./ssa.js";
import type { Variation } from "./variation.js";

/** A flat array in memory. */
export interface MemoryArray {
  readonly kind: "memory";
  /** Its name, by which loops know what they write. */
  readonly key: string;
  readonly dtype: DType;
  readonly length: number;
  readonly base: Value;
}
/** A scratch array in locals, or one that the first pass only watches. */
export interface LocalArray {
  readonly kind: "registers";
  readonly array: RegisterArray;
  readonly dtype: DType;
}
export type KernelArray = MemoryArray | LocalArray;

/** Where a vector loop stands: `base` is the iteration of the first lane. */
export interface VectorPlace {
  readonly lanes: LaneCount;
  readonly base: Value;
  readonly variation: Variation;
  /** Values of the `let`s of the loop's body, one per lane. */
  readonly lets: Map<string, Value>;
  /** What accumulates for a scalar variable. */
  readonly accumulators: ReadonlyMap<string, Accumulator>;
}

/** A scalar local: a value, or a variable where something sets it. */
export type Binding = Value | Variable;
