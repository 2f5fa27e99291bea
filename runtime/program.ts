// What all backends share: a plan bound to a device, with every buffer at an address, and errors for checks that fail.
import { itemSize, type TypedArray } from "#ir/dtype.js";
import { DisposedError, InternalError, printOrigin, RunError } from "#ir/errors.js";
import type { Failure, Plan } from "#ir/plan.js";
import type { Device } from "./device.js";

/** Thrown inside a kernel to stop the run: entry `failure` of the plan's table, and the value found. */
export class CheckFailed extends Error {
  constructor(
    readonly failure: number,
    readonly value: number,
  ) {
    super(`check ${failure} failed with ${value}`);
  }
}

/** The buffers of a plan on a device. Constants are copied when it is made; scratch may move between runs. */
export class Bound {
  readonly plan: Plan;
  readonly device: Device;
  /** Byte address of each buffer, as of the last `locate`. */
  readonly addresses: Uint32Array;
  /** Bytes of the scratch region that the plan needs. */
  readonly scratchBytes: number;
  /** Where the scratch region began at the last `locate`. */
  scratch = 0;
  readonly #constants: number[] = [];
  /** Buffers in the scratch region with their offsets, and buffers given at each call with their argument. */
  readonly #inScratch: number[] = [];
  readonly #inArguments: number[] = [];
  readonly #views: (TypedArray | null)[];
  #viewsOfEpoch = -1;
  #disposed = false;

  /** Throws MemoryError where the device has no room for the plan's constants and parameters. */
  constructor(plan: Plan, device: Device) {
    this.plan = plan;
    this.device = device;
    this.addresses = new Uint32Array(plan.buffers.length);
    this.#views = plan.buffers.map(() => null);
    this.scratchBytes = scratchBytesOf(plan);
    plan.buffers.forEach(({ place }, i) => {
      if (place.at === "constant") {
        const address = device.allocate(place.data.byteLength);
        this.#constants.push(address);
        this.addresses[i] = address;
        this.view(i).set(place.data);
      } else if (place.at === "parameter") this.addresses[i] = device.address(place.parameter);
      else if (place.at === "argument") this.#inArguments.push(i);
      else this.#inScratch.push(i);
    });
    this.locate();
  }

  /**
   * Finds where the buffers are now: before feeds are copied in, and before a run. `args` are addresses of buffers
   * placed "at argument". Throws DisposedError, MemoryError.
   */
  locate(args?: readonly number[]): void {
    if (this.#disposed) throw new DisposedError(`run: the program ${this.plan.name} was disposed of`);
    this.device.assertOpen();
    if (this.scratchBytes > 0) {
      const base = this.device.scratch(this.scratchBytes);
      if (base !== this.scratch) this.#moveScratch(base);
    }
    if (this.#inArguments.length > 0 && args) this.#takeArguments(args);
  }

  /** The elements of a buffer, where they are now. The same object until the memory grows or scratch moves. */
  view(buffer: number): TypedArray {
    const { memory } = this.device;
    if (this.#viewsOfEpoch !== memory.epoch) {
      this.#views.fill(null);
      this.#viewsOfEpoch = memory.epoch;
    }
    const { dtype, length } = this.plan.buffers[buffer]!;
    return (this.#views[buffer] ??= this.device.view(dtype, this.addresses[buffer]!, length));
  }

  /** Runs `body`: a failed check becomes its RunError; any other fault closes the device, whose contents are then lost. */
  guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      if (error instanceof CheckFailed) throw this.failed(error.failure, error.value);
      this.device.close(error instanceof Error ? error.message.split("\n")[0]! : String(error));
      throw error;
    }
  }

  /** The error for entry `failure` of the plan's table. */
  failed(failure: number, value: number): RunError {
    const entry = this.plan.failures[failure];
    if (!entry) throw new InternalError(`run: ${this.plan.name} has no failure ${failure}`);
    return runError(entry, value);
  }

  /** Frees the constants. Parameters stay with the device. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const address of this.#constants) this.device.free(address);
  }

  #moveScratch(base: number): void {
    this.scratch = base;
    for (const i of this.#inScratch) {
      const { place } = this.plan.buffers[i]!;
      this.addresses[i] = base + (place as { readonly offset: number }).offset;
      this.#views[i] = null;
    }
  }

  #takeArguments(args: readonly number[]): void {
    for (const i of this.#inArguments) {
      const { index } = this.plan.buffers[i]!.place as { readonly index: number };
      const address = args[index];
      if (address === undefined) throw new InternalError(`run: ${this.plan.name} got no argument ${index}`);
      if (address === this.addresses[i]) continue;
      this.addresses[i] = address;
      this.#views[i] = null;
    }
  }
}

/** How far the plan's scratch region reaches: its feeds, outputs and intermediate values. */
export function scratchBytesOf(plan: Plan): number {
  let end = 0;
  for (const { place, dtype, length } of plan.buffers) {
    if ("offset" in place) end = Math.max(end, place.offset + length * itemSize(dtype));
  }
  return end;
}

/** `gather: index 12 is out of range 0 to 9`, then a line for each place in the user's program. */
function runError(failure: Failure, value: number): RunError {
  const lines = failure.origins.map((origin) => `  at ${printOrigin(origin)}`);
  return new RunError([failure.message.replaceAll("{value}", String(value)), ...lines].join("\n"), {}, true);
}
