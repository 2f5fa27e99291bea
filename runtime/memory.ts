// The one WebAssembly memory of a device, and typed arrays over the whole of it that follow its growth.
import { MemoryError } from "#ir/errors.js";

/** Bytes of a WebAssembly page. */
export const pageBytes = 65536;

/** Largest sizes to ask for, in pages: engines and operating systems differ in what they reserve. */
const maxima = [65536, 65535, 32768, 16384, 4096, 1024];

/** Growing memory. Arrays over it are made anew when it grows; `epoch` tells when. */
export class LinearMemory {
  readonly wasm: WebAssembly.Memory;
  /** The most pages it can ever have. */
  readonly maximum: number;
  /** Counts growths: a view made in an earlier epoch may be detached. */
  epoch = 0;
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;
  u8!: Uint8Array;

  /** Throws MemoryError where not even a small memory is to be had. */
  constructor(initialPages = 16) {
    [this.wasm, this.maximum] = reserve(initialPages);
    this.#refresh();
  }

  get bytes(): number {
    return this.u8.length;
  }

  /** Whether threads can share it. */
  get shared(): boolean {
    return typeof SharedArrayBuffer !== "undefined" && this.wasm.buffer instanceof SharedArrayBuffer;
  }

  /** Makes it at least `bytes` long, and a quarter longer than it was. False where the engine refuses. */
  growTo(bytes: number): boolean {
    const least = Math.ceil(bytes / pageBytes);
    const now = this.bytes / pageBytes;
    if (least <= now) return true;
    const wanted = Math.min(this.maximum, Math.max(least, now + (now >> 2)));
    if (least > this.maximum || !(this.#grow(wanted - now) || this.#grow(least - now))) return false;
    this.epoch++;
    this.#refresh();
    return true;
  }

  #grow(pages: number): boolean {
    try {
      this.wasm.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  #refresh(): void {
    const { buffer } = this.wasm;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
  }
}

function reserve(initial: number): [WebAssembly.Memory, number] {
  const shared = typeof SharedArrayBuffer !== "undefined";
  for (const maximum of maxima) {
    try {
      return [new WebAssembly.Memory({ initial, maximum, shared }), maximum];
    } catch {
      // The engine cannot reserve so much: ask for less.
    }
  }
  throw new MemoryError(`device: the engine refuses a memory of ${maxima[maxima.length - 1]! * pageBytes} bytes`);
}
