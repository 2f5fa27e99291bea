// Device memory of eager tensors, counted by those who use it: a tensor and its views share one storage.
import { MemoryError } from "#ir/errors.js";

/** The part of a device that storages need. */
export interface ByteSource {
  /** The address of `bytes` fresh bytes. Throws MemoryError. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** A block of device memory. Parameters' blocks belong to the device and are never freed here. */
export class Storage {
  #users = 1;
  readonly #pool: StoragePool | null;
  /** The moment (see `now`) of the last write in place; 0 for memory that was written once, when it was made. */
  changedAt = 0;

  constructor(
    readonly address: number,
    readonly bytes: number,
    pool: StoragePool | null,
  ) {
    this.#pool = pool;
  }

  /** One user more. */
  retain(): this {
    this.#users++;
    return this;
  }

  /** One user less; the last one frees the block. */
  release(): void {
    if (--this.#users === 0) this.#pool?.take(this);
  }
}

/** Gives out storages within a budget of bytes and counts them. */
export class StoragePool {
  /** Bytes held now, and the most ever held since the last reset; parameters not counted. */
  live = 0;
  peak = 0;
  /** The most bytes that may be held at once. */
  budget = Infinity;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** A storage with one user. Throws MemoryError where the budget, or the device, has no room. */
  allocate(bytes: number): Storage {
    if (this.live + bytes > this.budget) throw this.#full(`${bytes} more exceed the budget of ${this.budget} bytes`);
    const address = this.#addressOf(bytes);
    this.live += bytes;
    if (this.live > this.peak) this.peak = this.live;
    return new Storage(address, bytes, this);
  }

  #addressOf(bytes: number): number {
    try {
      return this.#source.allocate(Math.max(bytes, 1));
    } catch (error) {
      throw error instanceof MemoryError ? this.#full(error.message) : error;
    }
  }

  #full(why: string): MemoryError {
    const help = "scope(() => …) frees the tensors made inside it; so does tensor.dispose()";
    return new MemoryError(`eager tensors hold ${this.live} bytes, and ${why}`, { help });
  }

  /** Frees the block of a storage without users. */
  take(storage: Storage): void {
    this.live -= storage.bytes;
    this.#source.free(storage.address);
  }
}

let moment = 1;

/** The current moment: it moves on whenever memory is written in place, so values can be told from their successors. */
export function now(): number {
  return moment;
}

/** Notes that a storage has just been written in place. */
export function markChanged(storage: Storage): void {
  storage.changedAt = ++moment;
}
