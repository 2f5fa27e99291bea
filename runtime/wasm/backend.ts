// The wasm backend: a plan becomes one WebAssembly module over the device's memory, and a run one call of it.
import { InternalError } from "#ir/errors.js";
import type { Plan } from "#ir/plan.js";
import type { Backend, Program } from "../backend.js";
import type { Device } from "../device.js";
import { Bound } from "../program.js";
import { encodeModule, importModule } from "./module.js";

/** Needs an engine with WebAssembly SIMD: see `hasSimd`. */
export const wasm: Backend = {
  name: "wasm",
  prepare: (plan, device) => new WasmProgram(plan, device),
};

type Entry = (scratch: number, ...args: readonly number[]) => void;

class WasmProgram implements Program {
  readonly buffers: Bound;
  readonly #run: Entry;
  readonly #launches: readonly Entry[];
  /** The address of the memory that scratch arrays of kernels use; 0 where they use none. */
  readonly #threadScratch: number;
  #disposed = false;

  constructor(plan: Plan, device: Device) {
    this.buffers = new Bound(plan, device);
    const { addresses } = this.buffers;
    const shared = device.memory.shared;
    const encoded = encodeModule(plan, { addressOf: (i) => addresses[i]!, shared });
    this.#threadScratch = encoded.threadScratch > 0 ? device.allocate(encoded.threadScratch) : 0;
    const fail = (failure: number, value: number): never => {
      throw this.buffers.failed(failure, value);
    };
    const env = { memory: device.memory.wasm, threadScratch: this.#threadScratch, fail };
    const module = new WebAssembly.Module(encoded.bytes);
    const { exports } = new WebAssembly.Instance(module, { [importModule]: env });
    this.#run = exports.run as Entry;
    (exports.warm as Entry | undefined)?.(0);
    this.#launches = plan.steps.map((_, i) => exports[`launch${i}`] as Entry);
  }

  run(args?: readonly number[]): void {
    this.#enter(this.#run, args);
  }

  launch(step: number, args?: readonly number[]): void {
    const entry = this.#launches[step];
    if (!entry) throw new InternalError(`run: ${this.buffers.plan.name} has no launch ${step}`);
    this.#enter(entry, args);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.buffers.dispose();
    if (this.#threadScratch !== 0) this.buffers.device.free(this.#threadScratch);
  }

  #enter(entry: Entry, args?: readonly number[]): void {
    this.buffers.locate(args);
    try {
      if (args) entry(this.buffers.scratch, ...args);
      else entry(this.buffers.scratch);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.buffers.device.close(error.message);
      throw new InternalError(`wasm: ${this.buffers.plan.name} trapped: ${error.message}`, { cause: error });
    }
  }
}
