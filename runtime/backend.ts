// What a backend is: it turns a Plan into a program that runs on a device.
import type { Plan } from "#ir/plan.js";
import type { Device } from "./device.js";
import type { Bound } from "./program.js";

export type BackendName = "interpret" | "js" | "wasm";

export interface Backend {
  readonly name: BackendName;
  /** Compiles the kernels and gives the buffers places. Throws MemoryError where the device has no room. */
  prepare(plan: Plan, device: Device): Program;
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
  /** Runs one step alone, for tools that drive the schedule themselves. */
  launch(step: number, args?: readonly number[]): void;
  /** Frees what the program holds on the device. */
  dispose(): void;
}
