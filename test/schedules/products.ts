// Random sums of products of two factors: how many axes of each kind, in which orders, read through which views, after
// which elementwise work and before which; and what comes out, by one loop over all axes.
import type { DType, TypedArray } from "#ir/dtype.js";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { makeParameter } from "#ir/parameter.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";
import type { Measured } from "../magnitudes.js";
import { generator, integer } from "../random.js";
import { slopesOf, softmaxOf, sumOf } from "./plain-products.js";
import { empty, mapped, type Next, numbers, pick, type Trial, type Truth } from "./trial.js";

/** An axis of one factor as its input holds it. */
interface View {
  readonly label: string;
  /** Size in the input: 1 where it is broadcast. */
  readonly held: number;
  readonly start: number;
  readonly step: number;
}

export type Prologue = "none" | "relu" | "affine" | "tanh";
type Epilogue =
  "none" | "bias and relu" | "residual" | "row sums" | "softmax" | "update" | "gradient" | "tanh, gradient";

/** A sum of products; labels are lower-case letters, sizes by label. */
export interface Product {
  readonly dtype: DType;
  readonly sizes: Readonly<Record<string, number>>;
  readonly lhs: readonly View[];
  readonly rhs: readonly View[];
  readonly result: string;
  readonly prologues: readonly [Prologue, Prologue];
  readonly epilogue: Epilogue;
  readonly by: "matmul" | "einsum";
}

const sizes = [1, 2, 3, 5, 7, 8, 16, 17, 33, 65, 100, 130];

/** The product of a seed, of at most so many multiplications. */
export function productOf(seed: number, limit: number): Product {
  const next = generator(seed);
  const dtype = pick<DType>(next, ["f32", "f32", "f32", "f32", "f32", "f32", "f64", "i32"]);
  const counts = next() < 0.5 ? [0, 1, 1, 1] : [pick(next, [0, 0, 1, 2]), pick(next, [0, 1, 1, 2]), pick(next, [0, 1, 1, 2]), pick(next, [0, 1, 1, 2])]; // prettier-ignore
  const groups = ["bc", "ij", "mn", "xy"].map((letters, i) => letters.slice(0, counts[i]));
  const [batch, rows, columns, summed] = groups as [string, string, string, string];
  let left = next() < 0.1 ? limit * 8 : limit;
  const size: Record<string, number> = {};
  for (const label of shuffled(next, [...batch, ...rows, ...columns, ...summed])) {
    const n = pick(next, sizes.filter((s) => s <= left)); // prettier-ignore
    size[label] = n;
    left = Math.floor(left / n);
  }
  const order = (labels: string) => (next() < 0.5 ? [...labels] : shuffled(next, [...labels]));
  const views = (labels: string) => order(labels).map((label) => viewOf(next, label, size[label]!));
  const epilogues: readonly Epilogue[] = dtype === "i32" ? ["none", "residual"] : ["none", "none", "bias and relu", "residual", "row sums", "softmax", "update", "gradient", "gradient", "tanh, gradient"]; // prettier-ignore
  const prologues = dtype === "i32" ? (["none", "relu"] as const) : (["none", "none", "none", "relu", "affine", "tanh"] as const); // prettier-ignore
  return {
    dtype,
    sizes: size,
    lhs: views(batch + rows + summed),
    rhs: views(batch + summed + columns),
    result: order(batch + rows + columns).join(""),
    prologues: [pick(next, prologues), pick(next, prologues)],
    epilogue: pick(next, epilogues),
    by: next() < 0.6 ? "matmul" : "einsum",
  };
}

function viewOf(next: Next, label: string, size: number): View {
  const plain = { label, held: size, start: 0, step: 1 };
  if (next() < 0.85) return plain;
  if (next() < 0.3) return { ...plain, held: 1 };
  const [start, step] = [integer(next, 0, 3), integer(next, 1, 2)];
  return { label, held: start + (size - 1) * step + 1 + integer(next, 0, 2), start, step };
}

function shuffled<T>(next: Next, list: readonly T[]): T[] {
  return list.map((x) => [next(), x] as const).sort(([a], [b]) => a - b).map(([, x]) => x); // prettier-ignore
}

/** The trial of a product; `seed` is that of its numbers. */
export function productTrial(spec: Product, seed: number): Trial {
  const next = generator(seed);
  const { dtype, epilogue } = spec;
  const maker = new GraphMaker("product");
  const feeds: TypedArray[] = [];
  const feed = (name: string, shape: readonly number[]) => {
    feeds.push(numbers(next, dtype, shape.reduce((a, b) => a * b, 1))); // prettier-ignore
    return maker.input(name, shape, dtype);
  };
  const a = feed("a", spec.lhs.map((v) => v.held)); // prettier-ignore
  const b = feed("b", spec.rhs.map((v) => v.held)); // prettier-ignore
  const y = joined(spec, a, b);
  const shape = y.type.shape as readonly number[];
  const plain = sumOf(spec, feeds[0]!, feeds[1]!);
  const expected = new Map<string, Truth>();
  const outputs: Record<string, Operand> = {};
  const updates: [Operand, Operand][] = [];
  const give = (name: string, value: Operand, truth: Measured) => {
    outputs[name] = value;
    expected.set(name, { ...truth, dtype });
  };
  const last = shape.at(-1) ?? 1;
  const count = plain.value.length;
  switch (epilogue) {
    case "none":
      give("y", y, plain);
      break;
    case "bias and relu": {
      const bias = feed("bias", shape.slice(-1));
      const data = feeds.at(-1)!;
      const sums = mapped(plain, (v, s, i) => [v + data[i % last]!, s + Math.abs(data[i % last]!)]);
      const z = ops.add(y, bias);
      give("z", z, sums);
      give("y", ops.relu(z), mapped(sums, (v, s) => [Math.max(v, 0), s])); // prettier-ignore
      break;
    }
    case "residual": {
      const other = feed("other", shape);
      const data = feeds.at(-1)!;
      give("y", ops.add(ops.mul(y, 2), other), mapped(plain, (v, s, i) => [2 * v + data[i]!, 2 * s + Math.abs(data[i]!)])); // prettier-ignore
      break;
    }
    case "row sums": {
      const sums = empty(count / last);
      for (let i = 0; i < count; i++) {
        sums.value[Math.floor(i / last)]! += plain.value[i]!;
        sums.scale[Math.floor(i / last)]! += plain.scale[i]!;
      }
      give("y", y, plain);
      if (shape.length > 0) give("sums", ops.sum(y, -1), sums);
      break;
    }
    case "softmax":
      if (shape.length > 0) give("y", ops.softmax(y, -1), softmaxOf(plain, last));
      else give("y", y, plain);
      break;
    case "update": {
      const start = numbers(next, dtype, count);
      const w = maker.hold(makeParameter("w", { dtype, shape }, () => start));
      updates.push([w, ops.sub(w, ops.mul(y, 0.5))]);
      expected.set("w", { ...mapped(plain, (v, s, i) => [start[i]! - v / 2, Math.abs(start[i]!) + s / 2]), dtype });
      break;
    }
    case "gradient":
    case "tanh, gradient": {
      const g = feed("g", shape);
      const data = feeds.at(-1)!;
      const bent = epilogue === "tanh, gradient";
      const result = bent ? ops.tanh(y) : y;
      if (bent) give("y", result, mapped(plain, (v, s) => [Math.tanh(v), Math.abs(Math.tanh(v)) + s])); // prettier-ignore
      const down = mapped(plain, (v, s, i) => {
        const slope = bent ? 1 - Math.tanh(v) ** 2 : 1;
        return [data[i]! * slope, Math.abs(data[i]!) * (bent ? 1 + 2 * s : 1)];
      });
      const [da, db] = gradient([ops.sum(ops.mul(result, g)) as Value], [a, b]) as [Value, Value];
      const slopes = slopesOf(spec, feeds[0]!, feeds[1]!, down);
      give("da", da, slopes[0]);
      give("db", db, slopes[1]);
    }
  }
  return { title: titleOf(spec), graph: maker.graph(outputs, updates), feeds, expected };
}

function titleOf(spec: Product): string {
  const side = (views: readonly View[], prologue: Prologue) => {
    const axes = views.map(({ label, held, start, step }) => {
      if (held === spec.sizes[label]) return label;
      return held === 1 ? `${label}(repeated)` : `${label}(from ${start} by ${step} of ${held})`;
    });
    return `${prologue === "none" ? "" : `${prologue} `}[${axes.join(" ")}]`;
  };
  const lhs = side(spec.lhs, spec.prologues[0]);
  const rhs = side(spec.rhs, spec.prologues[1]);
  return `${spec.dtype} ${lhs} · ${rhs} -> ${spec.result} by ${spec.by}, then ${spec.epilogue}; sizes ${JSON.stringify(spec.sizes)}`;
}

/** The product in the graph: factors through their views, matmul where it can say it. */
function joined(spec: Product, a: Operand, b: Operand): Operand {
  const [left, right] = [viewed(a, spec.lhs, spec, 0), viewed(b, spec.rhs, spec, 1)];
  const [l, r] = [spec.lhs, spec.rhs].map((views) => views.map((v) => v.label));
  const summed = l!.filter((x) => r!.includes(x) && !spec.result.includes(x));
  const batch = [...spec.result].filter((x) => l!.includes(x) && r!.includes(x));
  const rows = [...spec.result].filter((x) => !r!.includes(x));
  const columns = [...spec.result].filter((x) => !l!.includes(x));
  const inOrder = spec.result === [...batch, ...rows, ...columns].join("");
  if (spec.by === "matmul" && inOrder && summed.length === 1 && rows.length === 1 && columns.length === 1) {
    const order = (from: readonly string[], to: readonly string[]) => to.map((label) => from.indexOf(label));
    return ops.matmul(
      ops.transpose(left, order(l!, [...batch, ...rows, ...summed])),
      ops.transpose(right, order(r!, [...batch, ...summed, ...columns])),
    );
  }
  return ops.einsum(`${l!.join("")},${r!.join("")}->${spec.result}`, left, right);
}

function viewed(x: Operand, views: readonly View[], { sizes: size, prologues }: Product, side: 0 | 1): Operand {
  let out = x;
  const shape = views.map((v) => size[v.label]!);
  const sliced = views.map((v) => (v.held === 1 ? 1 : size[v.label]!));
  if (views.some((v, i) => v.held !== sliced[i])) {
    out = ops.slice(out, views.map((v) => v.start), sliced, views.map((v) => v.step)); // prettier-ignore
  }
  if (views.some((v) => v.held === 1 && size[v.label] !== 1)) out = ops.broadcast(out, shape);
  switch (prologues[side]) {
    case "none":
      return out;
    case "relu":
      return ops.maximum(out, 0);
    case "affine":
      return ops.add(ops.mul(out, 0.5), 0.25);
    case "tanh":
      return ops.tanh(out);
  }
}
