// An eager tensor: numbers on a device, seen through a layout. It is the operand of ops that compute at once.
import { itemSize, zeros, type TypedArray } from "#ir/dtype.js";
import { DisposedError } from "#ir/errors.js";
import type { Applier, Attrs, Operand, Parameter } from "#ir/node.js";
import { printType, type ConcreteType } from "#ir/type.js";
import type { Layout } from "./layout.js";
import { adopt, forget } from "./lifetime.js";
import { lift } from "./lift.js";
import { now, type Storage } from "./storage.js";
import { copyStrided } from "./strided-copy.js";
import { leafRecord, type TapeRecord } from "./tape.js";

/** Whoever makes eager tensors: applies ops to them and lets the processor see their memory. */
export interface EagerOwner extends Applier {
  readonly mode: "eager";
  /** Runs `build`, which continues the history of `nodes`. Throws GradientError where that has become wrong. */
  inherit<T>(nodes: readonly TapeRecord[], build: () => T): T;
  /** The wanted cotangents of the operands of `made`; null where its rule cannot tell. */
  pullBack(
    made: TapeRecord,
    given: readonly (EagerTensor | null)[],
    wanted: readonly boolean[],
  ): readonly (EagerTensor | null)[] | null;
  /** A view of `length` elements of device memory from a byte address; not to be kept. */
  view(dtype: ConcreteType["dtype"], address: number, length: number): TypedArray;
}

/** Immutable, except for the tensor of a parameter, which always shows the parameter's current value. */
export class EagerTensor implements Operand {
  readonly type: ConcreteType;
  /** Byte address of the first element: what kernels are given. */
  readonly address: number;
  /** Null once disposed of. */
  storage: Storage | null;
  /** How it was made, for gradients; null for leaves. */
  record: TapeRecord | null = null;
  /** The attributes of the constant that it is, where it is a single number known beforehand. */
  literal: Attrs | null = null;
  /** Exempt from all scopes. */
  kept = false;
  /** The op that made it, for messages. */
  madeBy = "";
  /** Writes after this moment make it stale. */
  readonly #since: number;
  #leaf: TapeRecord | null = null;
  #end: "" | "scope" | "dispose" = "";

  /** Takes over one use of `storage`; `offset` counts elements from its start to the tensor's first element. */
  constructor(
    readonly owner: EagerOwner,
    readonly layout: Layout,
    storage: Storage,
    readonly offset: number,
    /** Set on the one tensor that stands for a parameter. */
    readonly parameter: Parameter | null = null,
  ) {
    this.type = layout.type;
    this.storage = storage;
    this.address = storage.address + offset * itemSize(layout.type.dtype);
    this.#since = parameter ? Infinity : now();
    if (!parameter) adopt(this);
  }

  /** How it was made, as gradients see it; the same object each time. */
  get node(): TapeRecord {
    return this.record ?? (this.#leaf ??= leafRecord(this));
  }

  get from(): string {
    return this.parameter?.name ?? "";
  }

  get disposed(): boolean {
    return this.storage === null;
  }

  /** Whether its numbers are still those it was made with. */
  get usable(): boolean {
    return this.storage !== null && this.storage.changedAt <= this.#since;
  }

  /** A copy of the elements in row-major order. Throws DisposedError. */
  data(): TypedArray {
    if (!this.usable) throw this.misuse("data: ");
    const { type, layout } = this;
    const seen = this.owner.view(type.dtype, this.address, layout.reach);
    if (layout.contiguous) return seen.slice();
    const out = zeros(type.dtype, layout.count);
    copyStrided(seen, layout.strides, type.shape, out);
    return out;
  }

  /** Frees its share of the memory; its views stay usable. Does nothing the second time, nor on a parameter. */
  dispose(): void {
    if (this.parameter || !this.storage) return;
    forget(this);
    this.free("dispose");
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What `dispose` and the end of a scope have in common; the tape keeps what was disposed of by hand. */
  free(why: "scope" | "dispose"): void {
    this.storage?.release();
    this.storage = null;
    this.#end = why;
    if (why === "scope") this.endHistory();
  }

  /** Makes it a leaf: no gradient flows further back. */
  endHistory(): void {
    this.record = null;
  }

  /** As an operand of a graph: a parameter, the computation on parameters that made it, or else a constant. */
  liftInto(graph: Applier): Operand {
    return lift(this, graph);
  }

  /** `f32[2,3] made by matmul`, for messages. */
  describe(): string {
    const made = this.parameter ? ` of parameter ${this.parameter.name}` : this.madeBy && ` made by ${this.madeBy}`;
    return `${printType(this.type)}${made}`;
  }

  /** The error for using it although it is not `usable`; `who` starts the sentence. */
  misuse(who: string): DisposedError {
    if (this.storage) {
      return new DisposedError(`${who}${this.describe()} is a view of a parameter that has been assigned since`, {
        help: "make the view again, or take a copy before the assignment",
      });
    }
    if (this.#end === "dispose") return new DisposedError(`${who}${this.describe()} was disposed of`);
    return new DisposedError(`${who}${this.describe()} was freed at the end of its scope`, {
      help: "return it from the scope, or keep(…) it there",
    });
  }
}
