// The JavaScript backend: kernels as functions over typed arrays, for engines without WebAssembly SIMD, and to read.
import type { TypedArray } from "#ir/dtype.js";
import type { Plan } from "#ir/plan.js";
import type { Backend, Program } from "./backend.js";
import type { Device } from "./device.js";
import { compileKernel, type KernelFunction } from "./compile-js.js";
import { Flow } from "./flow.js";
import { Bound } from "./program.js";

export const js: Backend = {
  name: "js",
  prepare: (plan, device) => new JsProgram(plan, device),
};

class JsProgram implements Program {
  readonly buffers: Bound;
  readonly threads = 1;
  readonly readyThreads = 1;
  readonly #flow: Flow;
  readonly #functions: readonly KernelFunction[];
  /** The arrays of each launch, filled in before it runs. */
  readonly #arrays: readonly TypedArray[][];
  readonly #steps: readonly (() => void)[];

  constructor(plan: Plan, device: Device) {
    this.buffers = new Bound(plan, device);
    this.#flow = new Flow(this.buffers, (step) => this.#launch(step));
    this.#functions = plan.steps.map(({ kernel }) => compileKernel(kernel));
    this.#arrays = plan.steps.map(() => []);
    this.#steps = plan.steps.map((_, step) => () => this.#functions[step]!(...this.#arrays[step]!));
  }

  run(args?: readonly number[]): void {
    this.buffers.locate(args);
    this.#flow.run();
  }

  launch(step: number, args?: readonly number[]): void {
    this.buffers.locate(args);
    this.#flow.launch(step);
  }

  dispose(): void {
    this.buffers.dispose();
  }

  #launch(step: number): void {
    const launch = this.buffers.plan.steps[step]!;
    const arrays = this.#arrays[step]!;
    for (let i = 0; i < launch.buffers.length; i++) arrays[i] = this.#flow.view(launch, i);
    this.buffers.guard(this.#steps[step]!);
  }
}
