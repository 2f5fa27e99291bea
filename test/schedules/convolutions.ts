// Random convolutions of one, two and three axes with their gradients, and what comes out, by one loop over products.
import type { DType, TypedArray } from "#ir/dtype.js";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { makeParameter } from "#ir/parameter.js";
import { elementCount } from "#ir/size.js";
import { stridesOf } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";
import type { Measured } from "../magnitudes.js";
import { generator, integer } from "../random.js";
import { empty, mapped, type Next, numbers, pick, type Trial, type Truth } from "./trial.js";

type Use = "result" | "bias and relu" | "pool" | "gradients" | "step";

export interface Convolution {
  readonly dtype: DType;
  readonly batch: number;
  readonly groups: number;
  readonly channels: number;
  readonly outputs: number;
  readonly size: readonly number[];
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly use: Use;
}

/** The convolution of a seed, of about so many multiplications at most. */
export function convolutionOf(seed: number, limit: number): Convolution {
  const next = generator(seed);
  for (;;) {
    const spec = drawn(next);
    if (workOf(spec) <= limit && resultSizes(spec).every((n) => n > 0)) return spec;
  }
}

function drawn(next: Next): Convolution {
  const axes = pick(next, [1, 2, 2, 2, 3]);
  const list = (choices: readonly number[]) => Array.from({ length: axes }, () => pick(next, choices));
  const all = (choices: readonly number[]) => Array<number>(axes).fill(pick(next, choices));
  const [own, share] = [pick(next, [1, 2, 3, 4, 5, 8, 16, 17, 32]), pick(next, [1, 2, 3, 4, 5, 8, 16])];
  const kind = next();
  const groups = kind < 0.7 ? 1 : kind < 0.85 ? integer(next, 2, 4) : pick(next, [3, 8, 16]);
  const depthwise = kind >= 0.85;
  const even = next() < 0.5;
  return {
    dtype: pick<DType>(next, ["f32", "f32", "f32", "f32", "f32", "f32", "f64", "i32"]),
    batch: pick(next, [1, 1, 2, 3, 5, 8]),
    groups,
    channels: groups * (depthwise ? 1 : share),
    outputs: groups * (depthwise ? pick(next, [1, 1, 2]) : own),
    size: list(axes === 1 ? [5, 17, 33, 65, 130] : axes === 2 ? [3, 5, 7, 8, 14, 17, 28, 33] : [2, 3, 5, 8]),
    window: even ? all([1, 2, 3, 3, 5]) : list([1, 2, 3, 4, 5, 7]),
    stride: even ? all([1, 1, 1, 2]) : list([1, 1, 2, 3]),
    dilation: next() < 0.75 ? all([1]) : list([1, 2, 3]),
    low: even ? all([0, 1, 2]) : list([0, 0, 1, 2, 3]),
    high: even ? all([0, 1, 2]) : list([0, 0, 1, 2, 3]),
    use: pick<Use>(next, ["result", "bias and relu", "pool", "gradients", "gradients", "step"]),
  };
}

function resultSizes(s: Convolution): readonly number[] {
  return s.size.map((n, i) => {
    const reach = (s.window[i]! - 1) * s.dilation[i]! + 1;
    return Math.floor((n + s.low[i]! + s.high[i]! - reach) / s.stride[i]!) + 1;
  });
}

function shapesOf(s: Convolution) {
  return {
    x: [s.batch, s.channels, ...s.size],
    w: [s.outputs, s.channels / s.groups, ...s.window],
    y: [s.batch, s.outputs, ...resultSizes(s)],
  };
}

const workOf = (s: Convolution) => elementCount(shapesOf(s).w) * s.batch * elementCount(resultSizes(s));

/** Places within a channel of x, w and y of every product: positions times taps, padding left out. */
function meetings(s: Convolution): { readonly x: Int32Array; readonly w: Int32Array; readonly y: Int32Array } {
  const positions = resultSizes(s);
  const strides = [s.size, s.window, positions].map(stridesOf);
  let list: readonly (readonly [number, number, number])[] = [[0, 0, 0]];
  s.size.forEach((n, a) => {
    const along: [number, number, number][] = [];
    for (let p = 0; p < positions[a]!; p++) {
      for (let t = 0; t < s.window[a]!; t++) {
        const i = p * s.stride[a]! + t * s.dilation[a]! - s.low[a]!;
        if (i >= 0 && i < n) along.push([i * strides[0]![a]!, t * strides[1]![a]!, p * strides[2]![a]!]);
      }
    }
    list = list.flatMap(([x, w, y]) => along.map(([i, t, p]) => [x + i, w + t, y + p] as const));
  });
  const [x, w, y] = [0, 1, 2].map((side) => Int32Array.from(list, (entry) => entry[side]!));
  return { x: x!, w: w!, y: y! };
}

/** Calls `meet` with the places in x, w and y of every product. */
function products(s: Convolution, meet: (x: number, w: number, y: number) => void): void {
  const { x, w, y } = meetings(s);
  const [inX, inW, inY] = [s.size, s.window, resultSizes(s)].map(elementCount) as [number, number, number];
  const [share, own] = [s.channels / s.groups, s.outputs / s.groups];
  for (let n = 0; n < s.batch; n++) {
    for (let o = 0; o < s.outputs; o++) {
      for (let c = 0; c < share; c++) {
        const atX = (n * s.channels + Math.floor(o / own) * share + c) * inX;
        const atW = (o * share + c) * inW;
        const atY = (n * s.outputs + o) * inY;
        for (let m = 0; m < x.length; m++) meet(atX + x[m]!, atW + w[m]!, atY + y[m]!);
      }
    }
  }
}

const convs = { 1: ops.conv1d, 2: ops.conv2d, 3: ops.conv3d } as const;
const pools = { 1: ops.maxPool1d, 2: ops.maxPool2d, 3: ops.maxPool3d } as const;

/** The trial of a convolution; `seed` is that of its numbers. */
export function convolutionTrial(given: Convolution, seed: number): Trial {
  const next = generator(seed);
  const spec = given.dtype === "i32" ? { ...given, use: "result" as const } : given;
  const { dtype } = spec;
  const shapes = shapesOf(spec);
  const axes = spec.size.length as 1 | 2 | 3;
  const maker = new GraphMaker("convolution");
  const feeds: TypedArray[] = [];
  const feed = (name: string, shape: readonly number[]) => {
    feeds.push(numbers(next, dtype, elementCount(shape)));
    return maker.input(name, shape, dtype);
  };
  const x = feed("x", shapes.x);
  const [dataX, dataW] = [feeds[0]!, numbers(next, dtype, elementCount(shapes.w))];
  const held = spec.use === "step";
  const w = held ? maker.hold(makeParameter("w", { dtype, shape: shapes.w }, () => dataW)) : maker.input("w", shapes.w, dtype); // prettier-ignore
  if (!held) feeds.push(dataW);
  const padding = spec.low.map((n, i) => [n, spec.high[i]!] as const);
  const y = convs[axes](x, w, { ...spec, padding });
  const plain = empty(elementCount(shapes.y));
  products(spec, (i, j, n) => {
    const product = dataX[i]! * dataW[j]!;
    plain.value[n]! += product;
    plain.scale[n]! += Math.abs(product);
  });
  const expected = new Map<string, Truth>();
  const outputs: Record<string, Operand> = {};
  const updates: [Operand, Operand][] = [];
  const give = (name: string, value: Operand, truth: Measured) => {
    outputs[name] = value;
    expected.set(name, { ...truth, dtype });
  };
  switch (spec.use) {
    case "result":
      give("y", y, plain);
      break;
    case "bias and relu": {
      const bias = feed("bias", [spec.outputs]);
      const data = feeds.at(-1)!;
      const inY = elementCount(resultSizes(spec));
      const of = (i: number) => data[Math.floor(i / inY) % spec.outputs]!;
      const made = ops.relu(convs[axes](x, w, { ...spec, padding, bias }));
      give("y", made, mapped(plain, (v, s, i) => [Math.max(v + of(i), 0), s + Math.abs(of(i))])); // prettier-ignore
      break;
    }
    case "pool": {
      const window = resultSizes(spec).map((n) => Math.min(n, 2));
      give("y", pools[axes](y, window, { stride: window }), pooled(plain, shapes.y, window));
      break;
    }
    case "gradients":
    case "step": {
      const g = feed("g", shapes.y);
      const dataG = feeds.at(-1)!;
      const [dx, dw] = [empty(dataX.length), empty(dataW.length)];
      products(spec, (i, j, n) => {
        const [forX, forW] = [dataG[n]! * dataW[j]!, dataG[n]! * dataX[i]!];
        dx.value[i]! += forX;
        dx.scale[i]! += Math.abs(forX);
        dw.value[j]! += forW;
        dw.scale[j]! += Math.abs(forW);
      });
      const [byX, byW] = gradient([ops.sum(ops.mul(y, g)) as Value], [x, w]) as [Value, Value];
      give("y", y, plain);
      give("dx", byX, dx);
      if (!held) give("dw", byW, dw);
      else {
        updates.push([w, ops.sub(w, ops.mul(byW, 0.25))]);
        const moved = mapped(dw, (v, s, i) => [dataW[i]! - v / 4, Math.abs(dataW[i]!) + s / 4]);
        expected.set("w", { ...moved, dtype });
      }
    }
  }
  return { title: JSON.stringify(spec), graph: maker.graph(outputs, updates), feeds, expected };
}

/** The largest of every whole window; S is the largest too. */
function pooled(x: Measured, shape: readonly number[], window: readonly number[]): Measured {
  const inner = shape.slice(2);
  const result = inner.map((n, i) => Math.floor(n / window[i]!));
  const [inX, inY] = [elementCount(inner), elementCount(result)];
  const out = empty((x.value.length / inX) * inY);
  out.value.fill(-Infinity);
  const [strides, own] = [stridesOf(inner), stridesOf(result)];
  x.value.forEach((v, i) => {
    const at = inner.map((n, a) => Math.floor((i % inX) / strides[a]!) % n);
    const to = at.map((n, a) => Math.floor(n / window[a]!));
    if (to.some((n, a) => n >= result[a]!)) return;
    const place = Math.floor(i / inX) * inY + to.reduce((sum, n, a) => sum + n * own[a]!, 0);
    out.value[place] = Math.max(out.value[place]!, v);
    out.scale[place] = Math.max(out.scale[place]!, x.scale[i]!);
  });
  return out;
}
