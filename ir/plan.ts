// The Plan: what the runtime gets, and all it knows. Buffers with places, launches in order.
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
}
export type Step = Launch;

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
  readonly failures: readonly Failure[];
  /** Bytes: every buffer by itself, the planned region, and the most that is alive at once. */
  readonly memory: { readonly naive: number; readonly planned: number; readonly lowerBound: number };
}

/** Every buffer starts at a multiple of this many bytes: a cache line. */
export const alignment = 64;
