// Scalar constants on the device. A program uses few numbers again and again, so each is stored once.
import { itemSize, type DType, type TypedArray } from "#ir/dtype.js";
import type { Layout } from "./layout.js";
import type { Storage, StoragePool } from "./storage.js";

const limit = 1024;

/** Storages of single numbers, by layout and value; all are forgotten when there are too many. */
export class ReadyNumbers {
  readonly #byLayout = new Map<Layout, Map<number | string, Storage>>();
  #count = 0;

  constructor(
    readonly pool: StoragePool,
    readonly view: (dtype: DType, address: number, length: number) => TypedArray,
  ) {}

  /** A storage, with one use for the caller, whose first element is `value` in the dtype of `layout`. */
  take(value: number, layout: Layout): Storage {
    // A Map takes −0 for 0.
    const key = Object.is(value, -0) ? "-0" : value;
    const known = this.#byLayout.get(layout)?.get(key);
    if (known) return known.retain();
    if (this.#count === limit) this.#forgetAll();
    const { dtype } = layout.type;
    const storage = this.pool.allocate(itemSize(dtype));
    this.view(dtype, storage.address, 1)[0] = value;
    let byValue = this.#byLayout.get(layout);
    if (!byValue) this.#byLayout.set(layout, (byValue = new Map()));
    byValue.set(key, storage);
    this.#count++;
    return storage.retain();
  }

  /** Tensors that show a number keep it. */
  #forgetAll(): void {
    for (const byValue of this.#byLayout.values()) for (const storage of byValue.values()) storage.release();
    this.#byLayout.clear();
    this.#count = 0;
  }
}
