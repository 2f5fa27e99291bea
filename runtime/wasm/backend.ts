// The wasm backend: a plan becomes one WebAssembly module over the device's memory, and a run one call of it, on one
// thread or on several at once.
import { InternalError } from "#ir/errors.js";
import type { Plan } from "#ir/plan.js";
import type { Backend, PrepareOptions, Program } from "../backend.js";
import type { Device } from "../device.js";
import { Bound } from "../program.js";
import { hasRelaxedSimd } from "../simd.js";
import type { Fault, Share, WorkerPool } from "../threads/pool.js";
import { Pace } from "../threads/pace.js";
import { shareOut } from "../threads/shares.js";
import { encodeModule, importModule } from "./module.js";
import { counterBytes } from "./thread-functions.js";

/** Needs an engine with WebAssembly SIMD: see `hasSimd`. */
export const wasm: Backend = {
  name: "wasm",
  prepare: (plan, device, options) => new WasmProgram(plan, device, options),
};

type Entry = (scratch: number, ...args: readonly number[]) => void;

/** A program's place in the pool of its device. */
interface Enlistment {
  readonly pool: WorkerPool;
  readonly id: number;
}

class WasmProgram implements Program {
  readonly buffers: Bound;
  /** The most threads it runs on. */
  readonly threads: number;
  readonly #module: WebAssembly.Module;
  readonly #run: Entry;
  readonly #share: Share | null;
  readonly #launches: readonly Entry[];
  /** The address of the memory that scratch arrays of kernels use, for each thread; 0 where they use none. */
  readonly #threadScratch: number;
  readonly #stride: number;
  /** Where threads count the parts of stages that are taken. */
  readonly #counters: { readonly address: number; readonly bytes: number };
  /** Null where all launches are to be shared whatever it costs. */
  readonly #pace: Pace | null;
  #enlisted: Enlistment | null = null;
  #disposed = false;
  /** Whether workers are running it. */
  #away = false;

  constructor(plan: Plan, device: Device, { threads: most = 1, relaxed: asked = false }: PrepareOptions = {}) {
    this.buffers = new Bound(plan, device);
    const { addresses } = this.buffers;
    const { shared } = device.memory;
    const shares = shared ? shareOut(plan, most, device.barrierSeconds) : null;
    this.#pace = device.barrierSeconds > 0 ? new Pace() : null;
    this.threads = shares ? most : 1;
    const relaxed = asked && hasRelaxedSimd();
    const counting = shares?.turns.flat().filter(({ parts }) => parts > 1).length ?? 0;
    this.#counters = {
      address: counting > 0 ? device.allocate(counting * counterBytes) : 0,
      bytes: counting * counterBytes,
    };
    const counters = this.#counters.address;
    const encoded = encodeModule(plan, { addressOf: (i) => addresses[i]!, shared, shares, counters, relaxed });
    this.#stride = encoded.threadScratch;
    // One more: asynchronous runs leave out this thread.
    const scratches = shares ? most + 1 : shared ? 2 : 1;
    this.#threadScratch = this.#stride > 0 ? device.allocate(this.#stride * scratches) : 0;
    const fail = (failure: number, value: number): never => {
      throw this.buffers.failed(failure, value);
    };
    const pool = shares ? device.workers() : null;
    const env = {
      memory: device.memory.wasm,
      threadScratch: this.#threadScratch,
      fail,
      stalled: pool?.stalled ?? (() => {}),
    };
    this.#module = new WebAssembly.Module(encoded.bytes);
    const { exports } = new WebAssembly.Instance(this.#module, { [importModule]: env });
    this.#run = exports.run as Entry;
    this.#share = (exports.share as Share | undefined) ?? null;
    (exports.warm as Entry | undefined)?.(0);
    this.#launches = plan.steps.map((_, i) => exports[`launch${i}`] as Entry);
    if (!pool?.mayBlock) return;
    this.#enlist(pool);
    pool.grow(most - 1);
  }

  get readyThreads(): number {
    const team = this.#share && this.#enlisted;
    return team?.pool.mayBlock ? 1 + team.pool.ready(team.id, this.threads - 1) : 1;
  }

  run(args?: readonly number[]): void {
    this.buffers.locate(args);
    const threads = this.readyThreads;
    if (threads === 1) return this.#enter(this.#run, args);
    const begun = performance.now();
    if (this.#pace?.together ?? true) this.#runTogether(this.#enlisted!, threads);
    else this.#enter(this.#run, args);
    this.#pace?.took(performance.now() - begun);
  }

  launch(step: number, args?: readonly number[]): void {
    const entry = this.#launches[step];
    if (!entry) throw new InternalError(`run: ${this.buffers.plan.name} has no launch ${step}`);
    this.buffers.locate(args);
    this.#enter(entry, args);
  }

  async runAsync(): Promise<void> {
    const { device, scratch } = this.buffers;
    const pool = device.workers();
    if (!pool) return this.#enter(this.#run);
    const id = this.#enlisted?.id ?? this.#enlist(pool);
    this.#away = true;
    try {
      const ready = await pool.readyLater(id, this.threads);
      device.assertOpen();
      if (ready === 0) return this.#enter(this.#run);
      const fault = await pool.runInWorkers(id, ready, scratch);
      device.assertOpen();
      this.#judge(fault);
    } finally {
      this.#away = false;
      if (this.#disposed) this.#free();
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (!this.#away) this.#free();
  }

  #enlist(pool: WorkerPool): number {
    const scratch = { address: this.#threadScratch, stride: this.#stride };
    const id = pool.enlist(this.#module, scratch, this.#counters, this);
    this.#enlisted = { pool, id };
    return id;
  }

  #free(): void {
    this.buffers.dispose();
    if (this.#enlisted) this.#enlisted.pool.drop(this.#enlisted.id);
    for (const address of [this.#threadScratch, this.#counters.address])
      if (address !== 0) this.buffers.device.free(address);
  }

  /** Allocates nothing. */
  #enter(entry: Entry, args?: readonly number[]): void {
    try {
      if (args) entry(this.buffers.scratch, ...args);
      else entry(this.buffers.scratch);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #runTogether({ pool, id }: Enlistment, threads: number): void {
    let fault: Fault | null;
    try {
      fault = pool.run(id, threads, this.buffers.scratch, this.#share!);
    } catch (error) {
      throw this.#explained(error);
    }
    this.#judge(fault);
  }

  /** What a run throws: a trap closes the device, whose contents are then lost. */
  #explained(error: unknown): unknown {
    return error instanceof WebAssembly.RuntimeError ? this.#trapped(error.message, error) : error;
  }

  #judge(fault: Fault | null): void {
    if (fault?.kind === "check") throw this.buffers.failed(fault.failure, fault.value);
    if (fault) throw this.#trapped(fault.message);
  }

  #trapped(message: string, cause?: unknown): InternalError {
    this.buffers.device.close(message);
    return new InternalError(`wasm: ${this.buffers.plan.name} trapped: ${message}`, { cause });
  }
}
