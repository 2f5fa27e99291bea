// A device: one memory, one allocator, the parameters that live in it, and a scratch region that all programs share.
import { type DType, type TypedArray, viewOf } from "#ir/dtype.js";
import { DisposedError, MemoryError } from "#ir/errors.js";
import type { Parameter } from "#ir/node.js";
import { Allocator } from "./allocator.js";
import type { BackendName } from "./backend.js";
import { LinearMemory, pageBytes } from "./memory.js";
import { hasSimd } from "./simd.js";

export interface DeviceOptions {
  /** "wasm" where nothing is said, "js" where the engine has no wasm SIMD. */
  readonly backend?: BackendName;
  /** The most bytes that may be in use at once; as many as the memory can have where nothing is said. */
  readonly budget?: number;
}

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
  /** The most bytes that have been in use at once. */
  peak = 0;
  readonly #allocator: Allocator;
  readonly #parameters = new WeakMap<Parameter, number>();
  readonly #dropped = new FinalizationRegistry<number>((address) => this.free(address));
  #scratch = 0;
  #scratchBytes = 0;
  #failure: string | null = null;

  constructor(options: DeviceOptions = {}) {
    this.backend = options.backend ?? bestBackend();
    this.memory = new LinearMemory();
    this.budget = options.budget ?? this.memory.maximum * pageBytes;
    this.#allocator = new Allocator(this.memory);
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

  /** Declares the contents of the memory lost, after a fault of our own: nothing runs here any more. */
  close(why: string): void {
    this.#failure ??= why;
  }

  /** Throws DisposedError where the device was closed. */
  assertOpen(): void {
    if (this.#failure !== null) throw new DisposedError(`device: it was closed by an earlier fault: ${this.#failure}`);
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
