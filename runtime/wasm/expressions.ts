// From scalar expressions of the Kernel IR to values: as single numbers, or as vectors over the iterations of a vector loop.
import type { DType } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import { type Call, type Expr, type Load, type Local } from "#ir/expr.js";
import { primitives, type Primitive, type ScalarFn } from "#ir/scalar.js";
import { gather, loadEverySecond, loadScalar, loadTwice, loadVector } from "./access.js";
import { addressOf, type Address } from "./address.js";
import type { Binding, KernelArray, MemoryArray, VectorPlace } from "./bindings.js";
import type { Code } from "./code.js";
import { Guards } from "./guards.js";
import { addIndex, constantOf, selectIndex } from "./index-math.js";
import { linearOffset } from "./linear-offset.js";
import { constantLanes, extractLane, laneShape, scalarType, splat, type LaneCount } from "./lanes.js";
import { isRare, unlessRare } from "./rare-calls.js";
import { scalarOp } from "./scalar-ops.js";
import type { Value } from "./ssa.js";
import { vectorOp } from "./vector-ops.js";
import { Halves, writeOut } from "./write-out.js";

/** What was computed: invariant numbers, then those of each lane, then vectors. */
type Memo = (Map<Expr, Value> | undefined)[];
const vectors = 5;

/** How many transcendental calls one function of a kernel writes out; more are calls, to keep it from growing too large. */
const mostWrittenOut = 8;

const primitiveSet: ReadonlySet<string> = new Set(primitives);

export class Expressions {
  readonly locals = new Map<string, Binding>();
  readonly arrays = new Map<string, KernelArray>();
  /** Set inside of a vector loop's body. */
  vector: VectorPlace | null = null;
  #memo: Memo = [];
  #writtenOut = 0;
  readonly #guards = new Guards(this);
  /** For parts in f64 of what is written out in four lanes. */
  #halves: Halves | null = null;

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
    const memo = (this.#memo[this.vector !== null && this.varies(x) ? lane + 1 : 0] ??= new Map<Expr, Value>());
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
    return "home" in binding ? this.code.get(binding) : binding;
  }

  #let(place: VectorPlace, x: Local): Value {
    const value = place.lets.get(x.name);
    if (!value) throw new InternalError(`wasm: local "${x.name}" is not defined in its loop`);
    return value;
  }

  #call(x: Call, lane: number): Value {
    const { fn, args, dtype } = x;
    if (fn === "select") {
      const condition = args[0]!;
      const a = args[1]!;
      const b = args[2]!;
      const test = this.scalar(condition, lane);
      const known = constantOf(test);
      if (known !== null) return this.scalar(known ? a : b, lane);
      const then = this.#guards.within(condition, true, a, () => this.scalar(a, lane));
      const otherwise = this.#guards.within(condition, false, b, () => this.scalar(b, lane));
      return selectIndex(this.code, test, then, otherwise);
    }
    const values: Value[] = [];
    for (let i = 0; i < args.length; i++) values.push(this.scalar(args[i]!, lane));
    // Single extremes are branches, which mistake random data; those of vectors are not.
    const branches = (fn === "maximum" || fn === "minimum") && (dtype === "f32" || dtype === "f64");
    if (isPrimitive(fn) && !branches) return scalarOp(this.code, fn, dtype, dtypesOf(args), values);
    const vectors = values.map((v) => splat(this.code, v, dtype));
    const lanes = dtype === "f64" ? 2 : 4;
    const made = isPrimitive(fn)
      ? vectorOp(this.code, fn, dtype, dtypesOf(args), vectors, lanes)
      : this.#transcendental(fn, dtype, vectors);
    return extractLane(this.code, made, dtype, lanes, 0);
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
    const at = this.address(array, x.offset, lane);
    // What all lanes share is loaded where some lane needs it.
    const shared = this.vector !== null && !this.varies(x);
    const safe = shared ? this.#guards.protectLanes(x, array, at) : this.#guards.protect(x, array, lane, at);
    return loadScalar(this.code, x.dtype, array.key, safe);
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
    if (fn === "select" && isRare(args[1]!)) return this.#unlessRare(args[0]!, args[1], args[2]!, lanes);
    if (fn === "toF32" && lanes === 4 && args[0]!.dtype === "f64")
      return (this.#halves ??= new Halves(this.code, this.vector!.lets)).lanes(x);
    const values = args.map((a, i) => {
      if (fn !== "select" || i === 0) return this.lanes(a);
      return this.#guards.within(args[0]!, i === 1, a, () => this.lanes(a));
    });
    if (isPrimitive(fn)) return vectorOp(this.code, fn, dtype, dtypesOf(args), values, lanes);
    if (this.#writtenOut >= mostWrittenOut) return this.#transcendental(fn, dtype, values);
    this.#writtenOut++;
    return writeOut(this.code, fn, dtype, values);
  }

  /** Where some lane's test holds, a call for such lanes. */
  #unlessRare(test: Expr, { fn, dtype, args }: Call, otherwise: Expr, lanes: LaneCount): Value {
    const mask = this.lanes(test);
    const values = args.map((arg) => this.lanes(arg));
    return unlessRare(this.code, mask, this.lanes(otherwise), (usual) => {
      const arms = [this.#transcendental(fn, dtype, values), usual];
      return vectorOp(this.code, "select", dtype, ["bool", dtype, dtype], [mask, ...arms], lanes);
    });
  }

  #lanesOfLoad(x: Load, { lanes }: VectorPlace): Value {
    const array = this.array(x.buffer);
    const stride = this.strideOf(x.offset);
    if (stride === 0) return splat(this.code, this.#load(x, 0), x.dtype);
    if (array.kind === "registers") {
      const start = constantOf(this.scalar(x.offset));
      if (stride === 1) {
        this.watch(x.buffer, start, lanes);
        return array.array.loadVector(start ?? 0, lanes);
      }
      this.watch(x.buffer, null, lanes);
      return this.code.constantVector(0, 0, 0, 0);
    }
    if (stride === 1) {
      const at = this.#guards.protectLanes(x, array, this.address(array, x.offset, 0));
      return loadVector(this.code, x.dtype, array.key, at, lanes);
    }
    if (lanes === 4 && (x.dtype === "f32" || x.dtype === "i32")) {
      const byPairs = stride === null && this.vector!.variation.goesByPairs(x.offset);
      const at = this.address(array, x.offset, 0);
      if ((stride === 2 || byPairs) && this.#guards.protect(x, array, 0, at) === at) {
        return byPairs ? loadTwice(this.code, array.key, at) : loadEverySecond(this.code, array.key, at);
      }
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
    return addressOf(this.code, array.base, linearOffset(this, offset, lane), array.dtype);
  }

  /** The addresses of the lanes' elements; a load is protected by the guards around it. */
  addresses(array: MemoryArray, offset: Expr, load: Load | null = null): readonly Address[] {
    return Array.from({ length: this.vector!.lanes }, (_, lane) => {
      const at = this.address(array, offset, lane);
      return load ? this.#guards.protect(load, array, lane, at) : at;
    });
  }
}

function dtypesOf(args: readonly Expr[]): readonly DType[] {
  const dtypes: DType[] = [];
  for (let i = 0; i < args.length; i++) dtypes.push(args[i]!.dtype);
  return dtypes;
}
const isPrimitive = (fn: ScalarFn): fn is Primitive => primitiveSet.has(fn);
