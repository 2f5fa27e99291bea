// What measurements of both modes say: steady speed, when compiling has paid, how far the losses are apart.
import type { Measurement } from "./measure.js";

/** The comparison as `compare --json` prints it; times in ms, memory in bytes. */
export interface Comparison {
  readonly model: string;
  readonly eager: {
    /** The first step, which compiles a kernel for every op that it meets. */
    readonly firstStepMs: number;
    readonly stepMs: number;
    readonly kernels: number;
    /** Bytes that its launches read and write. */
    readonly traffic: number;
    /** The most bytes of tensors at once. */
    readonly bytes: number;
  };
  readonly compiled: {
    /** From building the graph to the end of the first run. */
    readonly compileMs: number;
    /** The call of the first run alone, which specialises and compiles. */
    readonly firstStepMs: number;
    readonly stepMs: number;
    readonly kernels: number;
    readonly traffic: number;
    readonly arenaBytes: number;
    readonly naiveBytes: number;
    readonly lowerBoundBytes: number;
  };
  /** Eager over compiled time of a step at full speed. */
  readonly speedup: number;
  /** The first step at which all compiled steps so far, compiling included, took less time than all eager ones; null: never. */
  readonly breakEvenSteps: number | null;
  /** Of the losses, step by step. */
  readonly maxRelativeDifference: number;
}

/** Compares the two modes of one model. */
export function compareModes(eager: Measurement, compiled: Measurement): Comparison {
  const [eagerMs, compiledMs] = [steadyMs(eager.times), steadyMs(compiled.times)];
  const memory = compiled.memory ?? { naive: 0, planned: 0, lowerBound: 0 };
  return {
    model: compiled.model,
    eager: {
      firstStepMs: eager.times[0] ?? 0,
      stepMs: eagerMs,
      kernels: eager.kernels,
      traffic: eager.traffic,
      bytes: eager.bytes,
    },
    compiled: {
      compileMs: compiled.times[0] ?? 0,
      firstStepMs: compiled.firstStepMs,
      stepMs: compiledMs,
      kernels: compiled.kernels,
      traffic: compiled.traffic,
      arenaBytes: memory.planned,
      naiveBytes: memory.naive,
      lowerBoundBytes: memory.lowerBound,
    },
    speedup: eagerMs / compiledMs,
    breakEvenSteps: breakEven(eager.times, compiled.times),
    maxRelativeDifference: largestDifference(eager.losses, compiled.losses),
  };
}

/** The median time of a step in the second half, when the engine has compiled what it will. */
export function steadyMs(times: readonly number[]): number {
  return median(times.slice(Math.floor(times.length / 2)));
}

/** The first step from which on a window of steps takes at most a tenth more than at full speed; counted from 1. */
export function fullSpeedStep(times: readonly number[]): number {
  const goal = steadyMs(times) * 1.1;
  const window = Math.max(1, Math.min(10, Math.floor(times.length / 4)));
  for (let i = 0; i + window <= times.length; i++) if (median(times.slice(i, i + window)) <= goal) return i + 1;
  return times.length;
}

/**
 * The first step, counted from 1, at which the sum of `compiled` falls below that of `eager`; steps beyond those measured
 * are taken at full speed. Null where it never does.
 */
export function breakEven(eager: readonly number[], compiled: readonly number[]): number | null {
  const count = Math.min(eager.length, compiled.length);
  let lead = 0;
  for (let i = 0; i < count; i++) {
    lead += eager[i]! - compiled[i]!;
    if (lead > 0) return i + 1;
  }
  const gain = steadyMs(eager) - steadyMs(compiled);
  return gain > 0 ? count + Math.floor(-lead / gain) + 1 : null;
}

/** The largest |a − b| over the larger of |a| and |b|, step by step. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  let largest = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const difference = Math.abs(a[i]! - b[i]!) / Math.max(Math.abs(a[i]!), Math.abs(b[i]!));
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  return largest;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
