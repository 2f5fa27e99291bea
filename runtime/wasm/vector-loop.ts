// Vector loops: several iterations at once in the lanes of vectors, in a few independent copies where that pays, then the
// iterations that are left one by one. Loops over arrays in registers are unrolled, so that every element has a name.
import { InternalError } from "#ir/errors.js";
import type { Expr } from "#ir/expr.js";
import { combinerOf, type Stmt } from "#ir/kernel.js";
import { scatter, storeVector } from "./access.js";
import { type Accumulator, newAccumulator } from "./accumulators.js";
import { accumulationsOf, expressionsOf, sizeOf } from "./body-facts.js";
import { addIndex, constantOf } from "./index-math.js";
import { extractLane, type LaneCount } from "./lanes.js";
import { scalarOp } from "./scalar-ops.js";
import type { Value } from "./ssa.js";
import type { Statements } from "./statements.js";
import { Variation } from "./variation.js";

/** Loops of at most this many instructions are written out. */
const straightSize = 96;

export class VectorLoop {
  readonly #expressions: ReadonlySet<Expr>;
  readonly #lanes: LaneCount;
  readonly #variation: Variation;
  readonly #accumulations;

  constructor(
    readonly statements: Statements,
    readonly counter: string,
    readonly extent: Value,
    readonly body: readonly Stmt[],
    readonly writes: ReadonlySet<string>,
    /** Emits one iteration as scalars. */
    readonly once: (counter: Value) => void,
  ) {
    this.#expressions = expressionsOf(body);
    this.#lanes = hasDoubles(this.#expressions) ? 2 : 4;
    this.#variation = new Variation(counter, body);
    this.#accumulations = accumulationsOf(body);
  }

  emit(): void {
    const { code } = this.statements;
    const length = constantOf(this.extent);
    const lanes = this.#lanes;
    if (length !== null && length < lanes) return this.#rest(code.constant("i32", 0));
    const size = sizeOf(this.body);
    const chunks = length === null ? Infinity : Math.floor(length / lanes);
    const straight = (chunks <= 4 && (chunks + 3) * size <= straightSize) || this.#touchesRegisters();
    const copies = straight && length !== null ? chunks : this.#copies(size, chunks);
    // Straight code needs no more accumulators than hide the latency of an addition.
    const accumulators = this.#newAccumulators(Math.min(copies, 4), !straight && chunks >= 8);
    const zero = code.constant("i32", 0);
    const bulk = this.#multipleOf(copies * lanes);
    this.#loop(zero, bulk, copies, accumulators);
    const whole = this.#multipleOf(lanes);
    if (copies > 1) this.#loop(bulk, whole, 1, accumulators);
    this.#combine(accumulators);
    this.#rest(whole);
  }

  /** The greatest multiple of `n` that is not above the extent. */
  #multipleOf(n: number): Value {
    const { code } = this.statements;
    const length = constantOf(this.extent);
    if (length !== null) return code.constant("i32", length - (length % n));
    const { range } = this.extent;
    const bounds = range && ([0, range[1] - (range[1] % n)] as const);
    if ((n & (n - 1)) === 0) return code.pure("i32.and", [this.extent, code.constant("i32", -n)], undefined, bounds);
    throw new InternalError(`wasm: a loop of unknown extent advances by ${n}`);
  }

  /** How many vectors one round of the loop handles, so that latency hides and loop overhead counts little. */
  #copies(size: number, chunks: number): number {
    const wanted = this.#accumulations.length > 0 ? (size <= 8 ? 4 : size <= 24 ? 2 : 1) : size <= 12 ? 2 : 1;
    return chunks >= 2 * wanted ? wanted : 1;
  }

  #loop(start: Value, end: Value, copies: number, accumulators: readonly Accumulators[]): void {
    const { code } = this.statements;
    const writes = new Set(this.writes);
    for (const own of accumulators)
      for (const accumulator of own.values()) accumulator.keys.forEach((key) => writes.add(key));
    this.statements.counted(start, end, copies * this.#lanes, writes, (counter) => {
      for (let copy = 0; copy < copies; copy++) {
        const base = addIndex(code, counter, code.constant("i32", copy * this.#lanes));
        this.#chunk(base, accumulators[copy % accumulators.length]!);
      }
    });
  }

  /** The iterations of one vector. */
  #chunk(base: Value, accumulators: Accumulators): void {
    const { expressions } = this.statements;
    expressions.vector = { lanes: this.#lanes, base, variation: this.#variation, lets: new Map(), accumulators };
    try {
      this.#emit(this.body);
    } finally {
      expressions.vector = null;
    }
  }

  #emit(stmts: readonly Stmt[]): void {
    const { code, expressions } = this.statements;
    const place = expressions.vector!;
    for (const s of stmts) {
      expressions.begin();
      if (s.kind === "let") {
        if (!expressions.varies(s.value)) expressions.locals.set(s.local.name, expressions.scalar(s.value));
        else if (!place.variation.indexOf(s.local.name)) place.lets.set(s.local.name, expressions.lanes(s.value));
      } else if (s.kind === "accumulate") {
        place.accumulators.get(s.local.name)!.add(expressions.lanes(s.value));
      } else if (s.kind === "store") this.#store(s);
      else if (s.kind === "for" && s.extent.kind === "literal") {
        for (let i = 0; i < s.extent.value; i++) {
          expressions.locals.set(s.over.name, code.constant("i32", i));
          this.#emit(s.body);
        }
      } else throw new InternalError(`wasm: a vector loop holds "${s.kind}"`);
    }
  }

  #store(s: Extract<Stmt, { kind: "store" }>): void {
    const { code, expressions } = this.statements;
    const { lanes } = expressions.vector!;
    const array = expressions.array(s.buffer);
    const value = expressions.lanes(s.value);
    const stride = expressions.strideOf(s.offset);
    if (array.kind === "memory") {
      if (stride !== 1) return scatter(code, array.dtype, array.key, expressions.addresses(array, s.offset), value);
      return storeVector(code, array.dtype, array.key, expressions.address(array, s.offset, 0), value, lanes);
    }
    const start = stride === 1 ? constantOf(expressions.scalar(s.offset)) : null;
    expressions.watch(s.buffer, start, lanes);
    array.array.storeVector(start ?? 0, lanes, value);
  }

  /** Whether an array in registers is indexed by the loop's counter. */
  #touchesRegisters(): boolean {
    const { arrays } = this.statements.expressions;
    const touches = (buffer: string, varies: boolean): boolean => varies && arrays.get(buffer)?.kind === "registers";
    for (const x of this.#expressions)
      if (x.kind === "load" && touches(x.buffer, this.#variation.varies(x.offset))) return true;
    return this.body.some((s) => this.#storesTo(s, touches));
  }

  #storesTo(s: Stmt, touches: (buffer: string, varies: boolean) => boolean): boolean {
    if (s.kind === "for") return s.body.some((inner) => this.#storesTo(inner, touches));
    return s.kind === "store" && touches(s.buffer, this.#variation.varies(s.offset));
  }

  #newAccumulators(copies: number, long: boolean): readonly Accumulators[] {
    const { code } = this.statements;
    return Array.from(
      { length: copies },
      (_, copy) =>
        new Map(this.#accumulations.map((a) => [a.local.name, newAccumulator(code, a, this.#lanes, copy, long)])),
    );
  }

  /** Adds the vectors' lanes to the scalar that the loop accumulates. */
  #combine(accumulators: readonly Accumulators[]): void {
    const { code } = this.statements;
    const lanes = this.#lanes;
    for (const { local, fn } of this.#accumulations) {
      const { dtype } = local;
      const own = accumulators.map((copy) => copy.get(local.name)!);
      const vector = inPairs(own, (a, b) => (a.join(b), a)).result();
      const numbers = Array.from({ length: lanes }, (_, lane) => extractLane(code, vector, dtype, lanes, lane));
      const total = inPairs(numbers, (a, b) => scalarOp(code, combinerOf(fn), dtype, [dtype, dtype], [a, b]));
      this.statements.accumulate({ local, fn }, total);
    }
  }

  /** The iterations from `start` on, one by one. */
  #rest(start: Value): void {
    const { statements } = this;
    const first = constantOf(start);
    const length = constantOf(this.extent);
    if (first !== null && length !== null) {
      for (let i = first; i < length; i++) this.once(statements.code.constant("i32", i));
    } else statements.counted(start, this.extent, 1, this.writes, this.once);
  }
}

function hasDoubles(expressions: ReadonlySet<Expr>): boolean {
  for (const x of expressions) if (x.dtype === "f64") return true;
  return false;
}

/** One vector per accumulated local. */
type Accumulators = ReadonlyMap<string, Accumulator>;

function inPairs<T>(values: readonly T[], combine: (a: T, b: T) => T): T {
  if (values.length === 1) return values[0]!;
  const half = Math.ceil(values.length / 2);
  return inPairs(
    values.slice(0, half).map((a, i) => (half + i < values.length ? combine(a, values[half + i]!) : a)),
    combine,
  );
}
