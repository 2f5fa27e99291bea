// What a workload of the comparison is, and the numbers that every library gets alike.
import type { CompileSettings, Executable, Feeds } from "../src/index.js";
import type { Task } from "./task.js";

/** One step of a library: computes, and gives every output as numbers of its own. */
export interface Step {
  run(): Outputs | Promise<Outputs>;
  dispose?(): void | Promise<void>;
  /** The outputs in the order of axes that all libraries are compared in, where its own is another. */
  ordered?(outputs: Outputs): Outputs;
  /** Of gradloom: what runs, to time its launches one by one. */
  readonly program?: {
    readonly executable: Executable;
    readonly feeds: Feeds;
    /** When `compile` was called, by performance.now(). */
    readonly begun: number;
  };
}
export type Outputs = Readonly<Record<string, ArrayLike<number>>>;

export interface Workload {
  /** By which it is asked for: `mlp-32`. */
  readonly name: string;
  readonly title: string;
  readonly task: Task;
  /** Multiplications and additions of a step's matrix products and convolutions; 0 where there are none. */
  readonly flops: number;
  /** Bytes of operands and results of what has no products; 0 for the others. */
  readonly bytes: number;
  /** The compiled program. */
  gradloom(settings: CompileSettings): Step;
}

/** `length` numbers in −scale … scale that repeat late: the same in every library and every run. */
export function numbers(length: number, place: number, scale = 1): Float32Array {
  let state = (place + 1) * 0x9e3779b9;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x85ebca6b) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    return (((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 31 - 1) * scale;
  });
}

/** Labels 0 … classes − 1. */
export function labels(length: number, classes: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => (i * 7 + (i >> 2)) % classes);
}
