// What comes out of a product, by one loop over all axes in double precision, and S beside it.
import type { TypedArray } from "#ir/dtype.js";
import { stridesOf } from "#ir/type.js";
import type { Measured } from "../magnitudes.js";
import type { Product, Prologue } from "./products.js";
import { empty, mapped } from "./trial.js";

const before: Readonly<Record<Prologue, (x: number) => number>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  affine: (x) => 0.5 * x + 0.25,
  tanh: Math.tanh,
};
const slope: Readonly<Record<Prologue, (x: number) => number>> = {
  none: () => 1,
  relu: (x) => (x > 0 ? 1 : 0),
  affine: () => 0.5,
  tanh: (x) => 1 - Math.tanh(x) ** 2,
};
/** S of a prologue's result. */
const size: Readonly<Record<Prologue, (x: number) => number>> = {
  none: Math.abs,
  relu: (x) => Math.max(x, 0),
  affine: (x) => 0.5 * Math.abs(x) + 0.25,
  tanh: (x) => Math.abs(Math.tanh(x)),
};

/** Calls `meet` with the places in a, b and y of every product, the summed axes innermost. */
function products(spec: Product, meet: (a: number, b: number, y: number) => void): void {
  const labels = [...spec.result, ...Object.keys(spec.sizes).filter((x) => !spec.result.includes(x))];
  const extents = labels.map((x) => spec.sizes[x]!);
  const steps = [spec.lhs, spec.rhs].map((views) => {
    const strides = stridesOf(views.map((v) => v.held));
    const of = (x: string) => views.findIndex((v) => v.label === x);
    return {
      base: views.reduce((sum, v, i) => sum + (v.held === 1 ? 0 : v.start * strides[i]!), 0),
      by: labels.map((x) => (of(x) < 0 || views[of(x)]!.held === 1 ? 0 : strides[of(x)]! * views[of(x)]!.step)),
    };
  });
  const own = stridesOf([...spec.result].map((x) => spec.sizes[x]!));
  const [left, right] = [steps[0]!, steps[1]!];
  const go = (depth: number, a: number, b: number, y: number): void => {
    if (depth === labels.length) return meet(a, b, y);
    const [da, db, dy] = [left.by[depth]!, right.by[depth]!, own[depth] ?? 0];
    for (let i = 0; i < extents[depth]!; i++) go(depth + 1, a + i * da, b + i * db, y + i * dy);
  };
  go(0, left.base, right.base, 0);
}

/** The sums, in the order of the result. */
export function sumOf(spec: Product, a: TypedArray, b: TypedArray): Measured {
  const out = empty([...spec.result].reduce((n, x) => n * spec.sizes[x]!, 1));
  const [[p, q], [u, v]] = factors(spec, a, b);
  products(spec, (i, j, n) => {
    out.value[n]! += p[i]! * q[j]!;
    out.scale[n]! += u[i]! * v[j]!;
  });
  return out;
}

/** The factors after their prologues, and their magnitudes. */
function factors({ prologues: [l, r] }: Product, a: TypedArray, b: TypedArray) {
  const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
  return [[x.map(before[l]), y.map(before[r])], [x.map(size[l]), y.map(size[r])]] as const; // prettier-ignore
}

/** The cotangents of both inputs, given that of the result. */
export function slopesOf(spec: Product, a: TypedArray, b: TypedArray, g: Measured): readonly [Measured, Measured] {
  const [da, db] = [empty(a.length), empty(b.length)];
  const [[p, q], [u, v]] = factors(spec, a, b);
  products(spec, (i, j, n) => {
    da.value[i]! += g.value[n]! * q[j]!;
    da.scale[i]! += g.scale[n]! * v[j]!;
    db.value[j]! += g.value[n]! * p[i]!;
    db.scale[j]! += g.scale[n]! * u[i]!;
  });
  const bent = (d: Measured, x: TypedArray, by: Prologue) =>
    mapped(d, (value, scale, i) => [value * slope[by](x[i]!), scale * (by === "tanh" ? 1 : slope[by](x[i]!))]);
  return [bent(da, a, spec.prologues[0]), bent(db, b, spec.prologues[1])];
}

/** Softmax of rows: what moves an exponent by ε·S moves the result by ε·S times itself. */
export function softmaxOf(x: Measured, width: number): Measured {
  const out = empty(x.value.length);
  for (let start = 0; start < x.value.length; start += width) {
    const row = x.value.subarray(start, start + width);
    const most = Math.max(...row);
    const worst = Math.max(...x.scale.subarray(start, start + width));
    const total = row.reduce((sum, v) => sum + Math.exp(v - most), 0);
    row.forEach((v, i) => {
      out.value[start + i] = Math.exp(v - most) / total;
      out.scale[start + i] = (Math.exp(v - most) / total) * (1 + 2 * worst);
    });
  }
  return out;
}
