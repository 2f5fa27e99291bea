// What a backend is: it turns a Plan into a program that runs on a device.
import type { Plan } from "#ir/plan.js";
import type { Device } from "./device.js";
import type { Bound } from "./program.js";

export type BackendName = "interpret" | "js" | "wasm";

export interface PrepareOptions {
  /** The most threads that a run may use, those of workers and the calling one; 1 where nothing is said. */
  readonly threads?: number;
  /** May round a product and the sum it goes into at once, where the engine can; `wasm` only. */
  readonly relaxed?: boolean;
}

export interface Backend {
  readonly name: BackendName;
  /** Compiles the kernels and gives the buffers places. Throws MemoryError where the device has no room. */
  prepare(plan: Plan, device: Device, options?: PrepareOptions): Program;
}

/** A plan ready to run on a device. */
export interface Program {
  /** Where the plan's buffers are: to copy feeds in before a run and outputs out after it. */
  readonly buffers: Bound;
  /**
   * Runs all steps; `args` are the byte addresses of buffers placed "at argument". Throws RunError where a check fails,
   * DisposedError after `dispose`.
   */
  run(args?: readonly number[]): void;
  /**
   * Runs all steps in workers, while this thread goes on; feeds are in place, and scratch was lent. Errors as those of
   * `run`. One program of a device at a time. A backend without it has no threads.
   */
  runAsync?(): Promise<void>;
  /** The most threads that a run uses, and how many it would use now: workers start in the background. */
  readonly threads: number;
  readonly readyThreads: number;
  /** Runs one step alone, as in the first turn of the loops around it: for tools that drive the schedule themselves. */
  launch(step: number, args?: readonly number[]): void;
  /** Frees what the program holds on the device. */
  dispose(): void;
}
