// From scalar expressions of the Kernel IR to values: as single numbers, or as vectors over the iterations of a vector loop.
import type { DType } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import type { Call, Expr, Load, Local } from "#ir/expr.js";
import { primitives, type Primitive } from "#ir/scalar.js";
import { loadScalar, loadVector, gather } from "./access.js";
import { addressOf, type Address } from "./address.js";
import type { Code } from "./code.js";
import { Guards } from "./guards.js";
import { addIndex, constantOf, selectIndex } from "./index-math.js";
import { constantLanes, extractLane, laneShape, scalarType, splat, type LaneCount } from "./lanes.js";
import type { RegisterArray } from "./registers.js";
import { scalarOp } from "./scalar-ops.js";
import type { Value, Variable } from "./ssa.js";
import { Variation } from "./variation.js";
import { vectorOp } from "./vector-ops.js";

/** A flat array in memory. */
export interface MemoryArray {
  readonly kind: "memory";
  /** Its name, by which loops know what they write. */
  readonly key: string;
  readonly dtype: DType;
  readonly length: number;
  readonly base: Value;
}
/** A scratch array in locals, or one that the first pass only watches. */
export interface LocalArray {
  readonly kind: "registers";
  readonly array: RegisterArray;
  readonly dtype: DType;
}
export type KernelArray = MemoryArray | LocalArray;

/** Where a vector loop stands: `base` is the iteration of the first lane. */
export interface VectorPlace {
  readonly lanes: LaneCount;
  readonly base: Value;
  readonly variation: Variation;
  /** Values of the `let`s of the loop's body, one per lane. */
  readonly lets: Map<string, Value>;
  /** The vector that accumulates for a scalar variable. */
  readonly accumulators: ReadonlyMap<string, Variable>;
}

/** A scalar local: a value, or a variable where something sets it. */
export type Binding = Value | Variable;

/** What was computed: invariant numbers, then those of each lane, then vectors. */
type Memo = (Map<Expr, Value> | undefined)[];
const vectors = 5;

const primitiveSet: ReadonlySet<string> = new Set(primitives);

export class Expressions {
  readonly locals = new Map<string, Binding>();
  readonly arrays = new Map<string, KernelArray>();
  /** Set inside of a vector loop's body. */
  vector: VectorPlace | null = null;
  #memo: Memo = [];
  readonly #guards = new Guards(this);

  constructor(
    readonly code: Code,
    /** Told of every access to an array in registers. */
    readonly watch: (array: string, start: number | null, lanes: LaneCount | 1) => void,
  ) {}

  /** Forgets what was computed: to be called before each statement. */
  begin(): void {
    this.#memo = [];
    this.#guards.begin();
  }

  varies(x: Expr): boolean {
    return this.vector !== null && this.vector.variation.varies(x);
  }

  /** `x` as one number; in a vector loop, in the given lane. */
  scalar(x: Expr, lane = 0): Value {
    if (x.kind === "literal") return this.code.constant(scalarType(x.dtype), x.value);
    const memo = (this.#memo[this.varies(x) ? lane + 1 : 0] ??= new Map<Expr, Value>());
    let value = memo.get(x);
    if (!value) memo.set(x, (value = this.#scalar(x, lane)));
    return value;
  }

  /** `x` in all lanes of a vector loop. */
  lanes(x: Expr): Value {
    const memo = (this.#memo[vectors] ??= new Map<Expr, Value>());
    let value = memo.get(x);
    if (!value) memo.set(x, (value = this.#lanes(x)));
    return value;
  }

  /** Runs `body` with another memory (an empty one for null), as what is loaded under a guard is not what is loaded without. */
  remembering<T>(memo: unknown, body: () => T): T {
    const outer = this.#memo;
    this.#memo = (memo as Memo | null) ?? [];
    try {
      return body();
    } finally {
      this.#memo = outer;
    }
  }

  get memo(): unknown {
    return this.#memo;
  }

  #scalar(x: Expr, lane: number): Value {
    switch (x.kind) {
      case "literal":
        return this.code.constant(scalarType(x.dtype), x.value);
      case "local":
        return this.#local(x, lane);
      case "load":
        return this.#load(x, lane);
      case "call":
        return this.#call(x, lane);
      default:
        throw new InternalError(`wasm: "${x.kind}" should have been lowered`);
    }
  }

  #local(x: Local, lane: number): Value {
    const place = this.varies(x) ? this.vector! : null;
    if (place?.variation.isCounter(x.name)) return addIndex(this.code, place.base, this.code.constant("i32", lane));
    const inlined = place?.variation.indexOf(x.name);
    if (inlined) return this.scalar(inlined, lane);
    const value = place ? extractLane(this.code, this.#let(place, x), x.dtype, place.lanes, lane) : this.#bound(x);
    return x.extent !== undefined && x.dtype === "i32" ? this.code.bounded(value, x.extent) : value;
  }

  #bound(x: Local): Value {
    const binding = this.locals.get(x.name);
    if (!binding) throw new InternalError(`wasm: local "${x.name}" is not defined`);
    return "version" in binding ? this.code.get(binding) : binding;
  }

  #let(place: VectorPlace, x: Local): Value {
    const value = place.lets.get(x.name);
    if (!value) throw new InternalError(`wasm: local "${x.name}" is not defined in its loop`);
    return value;
  }

  #call(x: Call, lane: number): Value {
    const { fn, args, dtype } = x;
    if (fn === "select" || fn === "and") {
      const test = this.scalar(args[0]!, lane);
      const known = constantOf(test);
      if (fn === "select" && known !== null) return this.scalar(args[known ? 1 : 2]!, lane);
      if (fn === "and" && known === 0) return test;
      const then = this.#guards.within(args[0]!, true, args[1]!, () => this.scalar(args[1]!, lane));
      if (fn === "and")
        return scalarOp(
          this.code,
          fn,
          dtype,
          args.map((a) => a.dtype),
          [test, then],
        );
      const otherwise = this.#guards.within(args[0]!, false, args[2]!, () => this.scalar(args[2]!, lane));
      return selectIndex(this.code, test, then, otherwise);
    }
    const values = args.map((a) => this.scalar(a, lane));
    if (isPrimitive(fn))
      return scalarOp(
        this.code,
        fn,
        dtype,
        args.map((a) => a.dtype),
        values,
      );
    const vectors = values.map((v) => splat(this.code, v, dtype));
    return extractLane(this.code, this.#transcendental(fn, dtype, vectors), dtype, dtype === "f64" ? 2 : 4, 0);
  }

  #transcendental(fn: string, dtype: DType, args: readonly Value[]): Value {
    return this.code.call(`${fn}.${laneShape(dtype)}`, args, "v128");
  }

  #load(x: Load, lane: number): Value {
    const array = this.array(x.buffer);
    if (array.kind === "registers") {
      const element = constantOf(this.scalar(x.offset, lane));
      this.watch(x.buffer, element, 1);
      return array.array.load(element ?? 0);
    }
    return loadScalar(
      this.code,
      x.dtype,
      array.key,
      this.#guards.protect(x, array, lane, this.address(array, x.offset, lane)),
    );
  }

  #lanes(x: Expr): Value {
    const place = this.vector!;
    if (!this.varies(x)) return splat(this.code, this.scalar(x), x.dtype);
    switch (x.kind) {
      case "local":
        return this.#lanesOfLocal(x, place);
      case "load":
        return this.#lanesOfLoad(x, place);
      case "call":
        return this.#lanesOfCall(x, place);
      default:
        throw new InternalError(`wasm: "${x.kind}" should have been lowered`);
    }
  }

  #lanesOfLocal(x: Local, place: VectorPlace): Value {
    if (place.variation.isCounter(x.name)) {
      const first = splat(this.code, place.base, "i32");
      return this.code.pure("i32x4.add", [first, constantLanes(this.code, "i32", [0, 1, 2, 3])]);
    }
    const inlined = place.variation.indexOf(x.name);
    return inlined ? this.lanes(inlined) : this.#let(place, x);
  }

  #lanesOfCall(x: Call, { lanes }: VectorPlace): Value {
    const { fn, args, dtype } = x;
    if (fn === "select" && !this.varies(args[0]!)) {
      const known = constantOf(this.scalar(args[0]!));
      if (known !== null) return this.lanes(args[known ? 1 : 2]!);
    }
    const guarded = fn === "select" || fn === "and";
    const values = args.map((a, i) => {
      if (!guarded || i === 0) return this.lanes(a);
      return this.#guards.within(args[0]!, i === 1, a, () => this.lanes(a));
    });
    if (isPrimitive(fn))
      return vectorOp(
        this.code,
        fn,
        dtype,
        args.map((a) => a.dtype),
        values,
        lanes,
      );
    return this.#transcendental(fn, dtype, values);
  }

  #lanesOfLoad(x: Load, { lanes }: VectorPlace): Value {
    const array = this.array(x.buffer);
    const stride = this.strideOf(x.offset);
    if (stride === 0) return splat(this.code, this.#load(x, 0), x.dtype);
    if (array.kind === "registers") {
      const start = constantOf(this.scalar(x.offset));
      if (stride === 1) {
        this.watch(x.buffer, start, lanes);
        return array.array.loadVector(start ?? 0);
      }
      this.watch(x.buffer, null, lanes);
      return this.code.constantVector(new Array<number>(16).fill(0));
    }
    if (stride === 1) {
      const at = this.#guards.protectLanes(x, array, this.address(array, x.offset, 0));
      return loadVector(this.code, x.dtype, array.key, at, lanes);
    }
    return gather(this.code, x.dtype, array.key, this.addresses(array, x.offset, x));
  }

  /** How far elements of neighbouring lanes are apart; null where that is not the same for all. */
  strideOf(offset: Expr): number | null {
    return this.vector!.variation.strideOf(offset, (x) => constantOf(this.scalar(x)));
  }

  array(name: string): KernelArray {
    const array = this.arrays.get(name);
    if (!array) throw new InternalError(`wasm: buffer "${name}" is not defined`);
    return array;
  }

  address(array: MemoryArray, offset: Expr, lane: number): Address {
    return addressOf(this.code, array.base, this.scalar(offset, lane), array.dtype);
  }

  /** The addresses of the lanes' elements; a load is protected by the guards around it. */
  addresses(array: MemoryArray, offset: Expr, load: Load | null = null): readonly Address[] {
    return Array.from({ length: this.vector!.lanes }, (_, lane) => {
      const at = this.address(array, offset, lane);
      return load ? this.#guards.protect(load, array, lane, at) : at;
    });
  }
}

const isPrimitive = (fn: string): fn is Primitive => primitiveSet.has(fn);
