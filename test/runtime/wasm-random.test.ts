// Random kernels: the wasm backend and the interpreter of the Kernel IR agree to the bit.
import { expect, it } from "vitest";
import { arrayOf, type DType } from "#ir/dtype.js";
import {
  add,
  call,
  cast,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  load,
  type Local,
  local,
  lt,
  mul,
  select,
  sub,
} from "#ir/expr.js";
import type { Reducer } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { ScalarFn } from "#ir/scalar.js";
import { KernelInterpreter } from "#runtime/interpret-kernel.js";
import { type Data, kernelOf, runWasm } from "./run-kernel.js";

const dtypes: readonly DType[] = ["f32", "f64", "i32", "bool", "u8"];

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Generator {
  readonly #random: () => number;
  #names = 0;
  /** Loop variables and lets that may be used here. */
  readonly #scope: Local[] = [];
  /** Scratch arrays of `columns` elements that were filled. */
  readonly #scratch: { readonly name: string; readonly dtype: DType }[] = [];
  readonly rows: number;
  readonly columns: number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.rows = 1 + this.#below(3);
    this.columns = 1 + this.#below(30);
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  buffers(): Record<string, Data> {
    const n = this.rows * this.columns;
    const data = (of: () => number): number[] => Array.from({ length: n }, of);
    return {
      f32: { dtype: "f32", data: data(() => Math.round(this.#random() * 64 - 32) / 4) },
      f64: { dtype: "f64", data: data(() => Math.round(this.#random() * 64 - 32) / 8) },
      i32: { dtype: "i32", data: data(() => this.#below(40) - 20) },
      bool: { dtype: "bool", data: data(() => this.#below(2)) },
      u8: { dtype: "u8", data: data(() => this.#below(256)) },
      index: { dtype: "i32", data: data(() => this.#below(n)) },
      ...Object.fromEntries(dtypes.map((dtype) => [`out_${dtype}`, { dtype, data: data(() => 0) }])),
      sums: { dtype: "f64", data: Array.from({ length: this.rows * 8 }, () => 0) },
    };
  }

  /** An offset that is inside of every buffer but `sums`. */
  #offset(): Expr {
    const n = this.rows * this.columns;
    const indices = this.#scope.filter((x) => x.extent !== undefined);
    const index = this.#pick(indices);
    const kind = this.#below(6);
    if (kind === 0) return literal(this.#below(n));
    if (kind === 1) return load("index", floorMod(index, n), "i32");
    if (kind === 2) return sub(literal(n - 1), floorMod(index, n));
    if (kind === 3)
      return floorMod(
        add(mul(index, literal(1 + this.#below(4))), floorDiv(this.#pick(indices), 1 + this.#below(4))),
        n,
      );
    const [row, column] = indices as [Local, Local | undefined];
    return column ? add(mul(row, literal(this.columns)), column) : mul(row, literal(this.columns));
  }

  expr(dtype: DType, depth: number): Expr {
    const lets = this.#scope.filter((x) => x.dtype === dtype);
    const kind = this.#below(depth <= 0 ? 3 : 12);
    if (kind === 0)
      return literal(dtype === "bool" ? this.#below(2) : this.#below(9) - (dtype === "u8" ? 0 : 4), dtype);
    if (kind === 1 && lets.length > 0) return this.#pick(lets);
    const scratch = this.#scratch.filter((x) => x.dtype === dtype);
    const columns = this.#scope.filter((x) => x.extent === this.columns && x.name !== "row");
    if (kind <= 3 && scratch.length > 0 && columns.length > 0) {
      return load(this.#pick(scratch).name, this.#pick(columns), dtype);
    }
    if (kind <= 3) return load(dtype, this.#offset(), dtype);
    if (kind === 4) return cast(this.expr(this.#pick(dtypes), depth - 1), dtype);
    if (kind === 5)
      return select(this.expr("bool", depth - 1), this.expr(dtype, depth - 1), this.expr(dtype, depth - 1));
    if (kind === 6) return this.#padded(dtype);
    const [x, y] = [this.expr(dtype, depth - 1), this.expr(dtype, depth - 1)];
    if (dtype === "bool") {
      const from = this.#pick(dtypes);
      const compare: ScalarFn = this.#pick(["eq", "ne", "lt", "le", "gt", "ge"]);
      return kind < 9
        ? call(compare, this.expr(from, depth - 1), this.expr(from, depth - 1))
        : kind < 11
          ? call(this.#pick(["and", "or"]), x, y)
          : call("not", x);
    }
    const both: readonly ScalarFn[] = ["add", "sub", "mul", "minimum", "maximum"];
    if (dtype === "i32" || dtype === "u8")
      return call(this.#pick([...both, "floorDiv", "floorMod"]), x, y.kind === "literal" ? literal(3, dtype) : y);
    if (kind < 9) return call(this.#pick([...both, "div", "mod"]), x, y);
    return call(this.#pick(["neg", "abs", "sign", "floor", "round", "exp", "tanh", "sigmoid"]), x);
  }

  /** A load that is outside of its buffer where it is not selected. */
  #padded(dtype: DType): Expr {
    const n = this.rows * this.columns;
    const shift = this.#below(2 * n) - n;
    const at = add(this.#offset(), literal(shift));
    const inside = call("and", call("ge", at, literal(0)), lt(at, literal(n)));
    return select(inside, load(dtype, at, dtype), this.expr(dtype, 0));
  }

  /** Statements of a loop's body: lets, stores to the loop's own elements, accumulations. */
  #body(sums: readonly (readonly [Local, Reducer])[], nested: boolean): Stmt[] {
    const mark = this.#scope.length;
    const [row, column] = this.#scope.filter((x) => x.extent !== undefined) as [Local, Local];
    const out: Stmt[] = [];
    for (let i = 1 + this.#below(4); i > 0; i--) {
      const dtype = this.#pick(dtypes);
      const kind = this.#below(nested ? 3 : 4);
      if (kind === 0) {
        const value = this.expr(dtype, 3);
        const name = local(this.#name("v"), dtype);
        out.push({ kind: "let", local: name, value });
        this.#scope.push(name);
      } else if (kind === 1 && sums.length > 0) {
        const [sum, fn] = this.#pick(sums);
        out.push({ kind: "accumulate", local: sum, fn, value: this.expr(sum.dtype, 2) });
      } else if (kind <= 2) {
        const offset = add(mul(row, literal(this.columns)), column);
        out.push({ kind: "store", buffer: `out_${dtype}`, offset, value: this.expr(dtype, 4) });
      } else {
        const over = indexLocal(this.#name("u"), 1 + this.#below(3));
        this.#scope.push(over);
        const body = this.#body(sums, true);
        this.#scope.splice(this.#scope.indexOf(over), 1);
        out.push({ kind: "for", over, extent: literal(over.extent!), as: "unrolled", body });
      }
    }
    this.#scope.length = mark;
    return out;
  }

  /** A scratch array, all of its elements stored. */
  #fill(): Stmt[] {
    const [name, dtype] = [this.#name("t"), this.#pick(dtypes)];
    const column = indexLocal(this.#name("j"), this.columns);
    this.#scope.push(column);
    const value = this.expr(dtype, 3);
    this.#scope.pop();
    this.#scratch.push({ name, dtype });
    return [
      { kind: "scratch", name, dtype, length: this.columns, in: this.#pick(["thread", "registers"]) },
      {
        kind: "for",
        over: column,
        extent: literal(this.columns),
        as: this.#pick(["vector", "unrolled", "serial"]),
        body: [{ kind: "store", buffer: name, offset: column, value }],
      },
    ];
  }

  space() {
    const over = indexLocal("row", this.rows);
    this.#scope.push(over);
    const body: Stmt[] = [];
    const kept: Local[] = [];
    for (let i = this.#below(3); i > 0; i--) body.push(...this.#fill());
    for (let i = 1 + this.#below(3); i > 0; i--) {
      const before = local(this.#name("v"), this.#pick(dtypes));
      body.push({ kind: "let", local: before, value: this.expr(before.dtype, 2) });
      this.#scope.push(before);
      const column = indexLocal(this.#name("j"), this.columns);
      const reducers: readonly (readonly [DType, Reducer])[] = [
        ["f32", "max"],
        ["f64", "min"],
        ["i32", "sum"],
        ["i32", "max"],
        ["bool", "any"],
        ["bool", "all"],
        ["u8", "sum"],
      ];
      const sums = [this.#pick(reducers), this.#pick(reducers)].map(
        ([dtype, fn]) => [local(this.#name("s"), dtype), fn] as const,
      );
      for (const [sum] of sums) body.push({ kind: "let", local: sum, value: this.expr(sum.dtype, 1) });
      this.#scope.push(column);
      const as = this.#pick(["vector", "vector", "vector", "serial"] as const);
      const extent =
        this.#below(3) === 0
          ? call("minimum", add(load("index", literal(0), "i32"), literal(this.columns - 1)), literal(this.columns))
          : literal(this.columns);
      const loop: Stmt = { kind: "for", over: column, extent, as, body: this.#body(sums, false) };
      const otherwise: Stmt = {
        kind: "for",
        over: column,
        extent: literal(this.columns),
        as,
        body: this.#body(sums, false),
      };
      this.#scope.splice(this.#scope.indexOf(column), 1);
      const test = this.expr("bool", 2);
      if (this.#below(3) > 0) body.push(loop);
      else body.push({ kind: "if", test, then: [loop], else: this.#below(2) === 0 ? [otherwise] : undefined });
      kept.push(...sums.map(([sum]) => sum));
    }
    kept.forEach((sum, i) => {
      const offset = add(mul(over, literal(8)), literal(i));
      if (i < 8) body.push({ kind: "store", buffer: "sums", offset, value: cast(sum, "f64") });
    });
    return { over, extent: this.rows, body };
  }
}

const firstSeed = Number(process.env.SEED ?? 1);
const seeds = Array.from({ length: Number(process.env.COUNT ?? 200) }, (_, i) => firstSeed + i);

it.each(seeds)("seed %i", (seed) => {
  const generator = new Generator(seed);
  const buffers = generator.buffers();
  const kernel = kernelOf(buffers, generator.space());
  const arrays = Object.values(buffers).map(({ dtype, data }) => arrayOf(dtype, data));
  new KernelInterpreter(kernel).run(arrays);
  const found = runWasm(kernel, buffers);
  kernel.buffers.forEach(({ name }, i) => expect([name, found[name]]).toEqual([name, [...arrays[i]!]]));
});
