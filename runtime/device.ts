// A device: one memory, one allocator, the parameters that live in it, and a scratch region that all programs share.
import { type DType, type TypedArray, viewOf } from "#ir/dtype.js";
import { DisposedError, MemoryError } from "#ir/errors.js";
import type { Parameter } from "#ir/node.js";
import { Allocator } from "./allocator.js";
import type { BackendName } from "./backend.js";
import { LinearMemory, pageBytes } from "./memory.js";
import { hasSimd } from "./simd.js";
import { controlBytes } from "./threads/control.js";
import { WorkerPool } from "./threads/pool.js";

export interface DeviceOptions {
  /** "wasm" where nothing is said, "js" where the engine has no wasm SIMD. */
  readonly backend?: BackendName;
  /** The most bytes that may be in use at once; as many as the memory can have where nothing is said. */
  readonly budget?: number;
  /** Seconds that threads are taken to need to meet: launches that gain less are not shared. 0 shares whatever can be. */
  readonly barrierSeconds?: number;
}

/** A barrier in WebAssembly takes less where all threads run, and more where one was asleep. */
const usualBarrier = 2e-6;

/** Ends the workers of devices that nobody has any more. */
const forgotten = new FinalizationRegistry<WorkerPool>((pool) => pool.close());

let warned = false;

function bestBackend(): BackendName {
  if (hasSimd()) return "wasm";
  // Once: a program that works, but slowly, should not be silent about it.
  if (!warned) {
    // eslint-disable-next-line no-console
    console.warn("gradloom: this engine has no WebAssembly SIMD; programs run as JavaScript, which is slower");
  }
  warned = true;
  return "js";
}

/** Owns all memory that programs and eager tensors use. Byte addresses are multiples of 64 and never 0. */
export class Device {
  /** Which backend programs are compiled for. */
  readonly backend: BackendName;
  readonly memory: LinearMemory;
  /** The most bytes that may be in use at once. */
  budget: number;
  readonly barrierSeconds: number;
  /** The most bytes that have been in use at once. */
  peak = 0;
  readonly #allocator: Allocator;
  readonly #parameters = new WeakMap<Parameter, number>();
  readonly #dropped = new FinalizationRegistry<number>((address) => this.free(address));
  #scratch = 0;
  #scratchBytes = 0;
  #failure: string | null = null;
  #disposed = false;
  #workers: WorkerPool | null = null;

  constructor(options: DeviceOptions = {}) {
    this.backend = options.backend ?? bestBackend();
    this.memory = new LinearMemory();
    this.budget = options.budget ?? this.memory.maximum * pageBytes;
    this.#allocator = new Allocator(this.memory);
    this.barrierSeconds = options.barrierSeconds ?? usualBarrier;
  }

  /** Bytes in use: parameters, eager tensors, constants and scratch. */
  get bytesInUse(): number {
    return this.#allocator.inUse;
  }

  /** The whole memory, as the arrays of each element type; valid until the memory grows. */
  get f32(): Float32Array {
    return this.memory.f32;
  }
  get f64(): Float64Array {
    return this.memory.f64;
  }
  get i32(): Int32Array {
    return this.memory.i32;
  }
  get u8(): Uint8Array {
    return this.memory.u8;
  }

  /** The address of `bytes` bytes, not cleared. Throws MemoryError where they exceed the budget or the memory. */
  allocate(bytes: number): number {
    if (bytes + this.#allocator.inUse > this.budget)
      throw this.#full(bytes, `exceed the budget of ${inUnits(this.budget)}`);
    const address = this.#allocator.allocate(bytes);
    if (address === 0) throw this.#full(bytes, `do not fit the memory of ${inUnits(this.memory.maximum * pageBytes)}`);
    if (this.#allocator.inUse > this.peak) this.peak = this.#allocator.inUse;
    return address;
  }

  /** Gives back what `allocate` gave. Throws InternalError for any other address. */
  free(address: number): void {
    this.#allocator.free(address);
  }

  /** `length` elements from a byte address; valid until the memory grows. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return viewOf(dtype, this.memory.wasm.buffer, address, length);
  }

  /** Where a parameter lives. On first use it is allocated and given its initial value; freed when nobody has it any more. */
  address(parameter: Parameter): number {
    const known = this.#parameters.get(parameter);
    if (known !== undefined) return known;
    const data = parameter.initial();
    const address = this.allocate(data.byteLength);
    this.view(parameter.type.dtype, address, data.length).set(data);
    this.#parameters.set(parameter, address);
    this.#dropped.register(parameter, address, parameter);
    return address;
  }

  /** Frees a parameter's memory; its value is lost, and programs that use it must not run again. */
  release(parameter: Parameter): void {
    const address = this.#parameters.get(parameter);
    if (address === undefined) return;
    this.#parameters.delete(parameter);
    this.#dropped.unregister(parameter);
    this.free(address);
  }

  /** The address of the region of at least `bytes` that programs share; it may move when one asks for more. */
  scratch(bytes: number): number {
    if (this.#scratch !== 0 && bytes <= this.#scratchBytes) return this.#scratch;
    if (this.#scratch !== 0) this.free(this.#scratch);
    [this.#scratch, this.#scratchBytes] = [0, 0];
    this.#scratch = this.allocate(bytes);
    this.#scratchBytes = bytes;
    return this.#scratch;
  }

  /**
   * Takes the scratch region out of use, for a run that goes on while this thread does other things; others get another
   * region meanwhile. Gives a function that gives it back.
   */
  lendScratch(): () => void {
    const [address, bytes] = [this.#scratch, this.#scratchBytes];
    [this.#scratch, this.#scratchBytes] = [0, 0];
    return () => {
      if (address === 0) return;
      const other = this.#scratch;
      if (bytes > this.#scratchBytes) [this.#scratch, this.#scratchBytes] = [address, bytes];
      const free = this.#scratch === address ? other : address;
      if (free !== 0) this.free(free);
    };
  }

  /** The workers, of which none is started yet when it is first asked for; null where memory cannot be shared. */
  workers(): WorkerPool | null {
    if (!this.memory.shared) return null;
    this.assertOpen();
    if (!this.#workers) {
      this.#workers = new WorkerPool(this.memory.wasm, this.allocate(controlBytes));
      forgotten.register(this, this.#workers);
    }
    return this.#workers;
  }

  /** Declares the contents of the memory lost, after a fault of our own: nothing runs here any more. */
  close(why: string): void {
    this.#failure ??= why;
    this.#workers?.close();
  }

  /** Ends its workers; nothing runs here any more. */
  dispose(): void {
    this.#disposed = true;
    this.#workers?.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Throws DisposedError where the device was closed. */
  assertOpen(): void {
    if (this.#failure !== null) throw new DisposedError(`device: it was closed by an earlier fault: ${this.#failure}`);
    if (this.#disposed) throw new DisposedError("device: it was disposed of");
  }

  #full(bytes: number, why: string): MemoryError {
    return new MemoryError(`device: ${inUnits(bytes)} beside ${inUnits(this.bytesInUse)} in use ${why}`);
  }
}

/** `1.5 GiB`, `96 bytes`. */
export function inUnits(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : Number(value.toPrecision(3))} ${units[power]}`;
}

let shared: Device | null = null;

/** The device of the process, made on first use. */
export function defaultDevice(): Device {
  return (shared ??= new Device());
}
