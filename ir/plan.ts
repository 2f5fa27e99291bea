// The Plan: what the runtime gets, and all it knows. Buffers with places, launches in order, and which of them repeat or are
// left out: `regions` over ranges of steps. What a loop moves through, sequences and carried values, its launches see in
// part: `slices`.
import type { DType, TypedArray } from "./dtype.js";
import type { Origin } from "./errors.js";
import type { Kernel } from "./kernel.js";
import type { Parameter } from "./node.js";

/** Where a buffer lives. Offsets are bytes from the start of the region, multiples of `alignment`. */
export type Place =
  /** In the scratch region, which holds nothing between runs. */
  | { readonly at: "scratch"; readonly offset: number }
  | { readonly at: "parameter"; readonly parameter: Parameter }
  | { readonly at: "constant"; readonly data: TypedArray }
  /** Copied in before, or out after, the launches; in the scratch region. */
  | { readonly at: "feed" | "output"; readonly name: string; readonly offset: number }
  /** An address given at the call: eager. */
  | { readonly at: "argument"; readonly index: number };

export interface PlannedBuffer {
  readonly name: string;
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  readonly place: Place;
  /** First and last step that touch it. */
  readonly live: readonly [from: number, to: number];
}

/** One launch: the kernel's buffers, in its order, as indices into the plan's buffers. */
export interface Launch {
  readonly kind: "launch";
  readonly kernel: Kernel;
  readonly buffers: readonly number[];
  /** For each buffer of which the kernel sees a part that may move: where the part begins; null for a whole one. */
  readonly slices?: readonly (Slice | null)[];
}
export type Step = Launch;

/**
 * The first element of a part of a buffer: `start + Σ step · position`. It may speak of loops around the launch, and of those
 * that have ended where the launch is inside whatever they are inside of.
 */
export interface Slice {
  readonly start: number;
  readonly terms: readonly SliceTerm[];
}

/**
 * How a part moves with a loop. Its `position` is the turn of the loop, 0 for the first, and after it the number of turns it
 * took; or `times − 1 − turn` where it goes `backwards`, which it can inside a loop with `times`. Then `plus` is added, and
 * where there is a `wrap` the remainder by it is taken: two slots by turns have `wrap: 2`.
 */
export interface SliceTerm {
  /** The loop, as an index into the plan's regions. */
  readonly region: number;
  /** Elements. */
  readonly step: number;
  readonly backwards?: boolean;
  readonly plus?: number;
  readonly wrap?: number;
}

/**
 * Steps `from ≤ i < to`, at least one, that run more than once, or not at all. Regions nest or lie apart, and stand in the
 * order in which they begin, an outer one before those inside it.
 */
export type Region =
  /** So many turns; a buffer: its first element, an i32 read when the loop begins and taken to lie between 0 and `most`. */
  | { readonly kind: "loop"; readonly from: number; readonly to: number; readonly times: Times }
  /**
   * Steps `from … test − 1`, then, where the first element of the bool buffer `go` holds, steps `test … to − 1`, and again. What
   * still goes on after `limit` turns stops the run with entry `failure` of the plan's table, and the limit for its message.
   */
  | {
      readonly kind: "while";
      readonly from: number;
      readonly test: number;
      readonly to: number;
      readonly go: number;
      readonly limit: number;
      readonly failure: number;
    }
  /** Runs where the first element of the bool buffer `on` is `when`. */
  | {
      readonly kind: "branch";
      readonly from: number;
      readonly to: number;
      readonly on: number;
      readonly when: boolean;
    };
export type Times = number | { readonly buffer: number; readonly most: number };

/** A message for a check that fails. */
export interface Failure {
  /** `gather: index {value} is out of range 0 to 9`; `{value}` is replaced by the value found. */
  readonly message: string;
  readonly origins: readonly Origin[];
}

/** An output as the caller sees it; `buffer` may be a parameter's or a feed's where the output is one. */
export interface PlannedOutput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly buffer: number;
}

export interface PlannedFeed {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Null where the program does not read it. */
  readonly buffer: number | null;
}

export interface Plan {
  readonly name: string;
  readonly buffers: readonly PlannedBuffer[];
  readonly feeds: readonly PlannedFeed[];
  readonly outputs: readonly PlannedOutput[];
  readonly steps: readonly Step[];
  /** What of the steps repeats or is left out; none in plans without control flow. */
  readonly regions: readonly Region[];
  readonly failures: readonly Failure[];
  /** Bytes: every buffer by itself, the planned region, and the most that is alive at once. */
  readonly memory: { readonly naive: number; readonly planned: number; readonly lowerBound: number };
}

/** Every buffer starts at a multiple of this many bytes: a cache line. */
export const alignment = 64;
