// The interpreter: evaluates kernels statement by statement, as `ir/scalar.ts` says, every load and store checked. Slow;
// it is the truth that other backends are compared with, and it catches what lowering does wrong.
import type { Plan } from "#ir/plan.js";
import type { Kernel } from "#ir/kernel.js";
import type { Backend, Program } from "./backend.js";
import type { Device } from "./device.js";
import { Flow } from "./flow.js";
import { KernelInterpreter } from "./interpret-kernel.js";
import { Bound } from "./program.js";

export const interpret: Backend = {
  name: "interpret",
  prepare: (plan, device) => new InterpretedProgram(plan, device),
};

class InterpretedProgram implements Program {
  readonly buffers: Bound;
  readonly threads = 1;
  readonly readyThreads = 1;
  readonly #flow: Flow;
  readonly #kernels: ReadonlyMap<Kernel, KernelInterpreter>;

  constructor(plan: Plan, device: Device) {
    this.buffers = new Bound(plan, device);
    this.#flow = new Flow(this.buffers, (step) => this.#launch(step));
    this.#kernels = new Map(plan.steps.map(({ kernel }) => [kernel, new KernelInterpreter(kernel)]));
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
    const data = launch.buffers.map((_, position) => this.#flow.view(launch, position));
    this.buffers.guard(() => this.#kernels.get(launch.kernel)!.run(data));
  }
}
