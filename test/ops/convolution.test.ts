// Convolutions, transposed convolutions and pools of random shapes, strides, dilations, paddings and groups, against loops
// written here, on every backend; forward and gradients.
import { describe, expect, test } from "vitest";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { elementCount } from "#ir/size.js";
import { tensorType } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { generator, integer, seed } from "../random.js";
import { graphOf, inputsOf } from "./cases.js";
import { evaluators } from "./evaluators.js";

interface Setting {
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
}

/** A random setting of some spatial axes in which at least one window fits; `large` ones have many rows and columns. */
function settingOf(next: () => number, axes: number, large: boolean): Setting {
  const list = (low: number, high: number) => Array.from({ length: axes }, () => integer(next, low, high));
  const most = large ? [0, 14, 9, 6][axes]! : 5;
  const [window, dilation, low, high] = [list(1, 3), list(1, 2), list(0, 2), list(0, 2)];
  const size = list(large ? 5 : 1, most).map((n, i) => Math.max(n, (window[i]! - 1) * dilation[i]! + 1 - low[i]! - high[i]!)); // prettier-ignore
  const groups = integer(next, 1, large ? 2 : 3);
  return {
    batch: integer(next, 0, 3),
    groups,
    channels: groups * integer(next, 1, large ? 5 : 2),
    outputs: groups * integer(next, 1, large ? 9 : 3),
    size,
    window,
    stride: list(1, 3),
    dilation,
    low,
    high,
  };
}

const resultSizes = (s: Setting) =>
  s.size.map((n, i) => {
    const reach = (s.window[i]! - 1) * s.dilation[i]! + 1;
    return Math.floor((n + s.low[i]! + s.high[i]! - reach) / s.stride[i]!) + 1;
  });

/** Calls `visit` with every index of a shape. */
function each(shape: readonly number[], visit: (index: readonly number[]) => void): void {
  const count = elementCount(shape);
  for (let n = 0; n < count; n++) {
    let rest = n;
    visit(shape.map((_, i) => {
      const step = elementCount(shape.slice(i + 1));
      const at = Math.floor(rest / step);
      rest -= at * step;
      return at;
    })); // prettier-ignore
  }
}

const at = (shape: readonly number[], index: readonly number[]) => index.reduce((sum, i, a) => sum * shape[a]! + i, 0);

/** Calls `meet` with the places in x, w and y of every product of a convolution. */
function products(s: Setting, meet: (x: number, w: number, y: number) => void): void {
  const { x, w, y } = shapesOf(s);
  const [share, own] = [s.channels / s.groups, s.outputs / s.groups];
  each([s.batch, s.groups, own, share], ([n, g, o, c]) => {
    each(resultSizes(s), (p) => {
      each(s.window, (t) => {
        const i = p.map((q, a) => q * s.stride[a]! + t[a]! * s.dilation[a]! - s.low[a]!);
        if (i.some((q, a) => q < 0 || q >= s.size[a]!)) return;
        meet(at(x, [n!, g! * share + c!, ...i]), at(w, [g! * own + o!, c!, ...t]), at(y, [n!, g! * own + o!, ...p]));
      });
    });
  });
}

function shapesOf(s: Setting) {
  return {
    x: [s.batch, s.channels, ...s.size],
    w: [s.outputs, s.channels / s.groups, ...s.window],
    y: [s.batch, s.outputs, ...resultSizes(s)],
  };
}

/** Small whole numbers: sums are exact, whatever their order. */
function whole(next: () => number, shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: elementCount(shape) }, () => integer(next, -4, 4));
}

interface Expected {
  readonly name: string;
  readonly build: (...xs: readonly Operand[]) => Operand;
  readonly feeds: readonly { readonly shape: readonly number[]; readonly data: Float32Array }[];
  readonly cotangent: Float32Array;
  readonly result: Float32Array;
  readonly gradients: readonly Float32Array[];
}

const convs = { 1: ops.conv1d, 2: ops.conv2d, 3: ops.conv3d } as const;
const transposed = { 1: ops.convTranspose1d, 2: ops.convTranspose2d, 3: ops.convTranspose3d } as const;
const maxPools = { 1: ops.maxPool1d, 2: ops.maxPool2d, 3: ops.maxPool3d } as const;
const meanPools = { 1: ops.meanPool1d, 2: ops.meanPool2d, 3: ops.meanPool3d } as const;
type Axes = 1 | 2 | 3;

function convolved(next: () => number, axes: Axes, s: Setting): Expected {
  const shapes = shapesOf(s);
  const [x, w, g] = [whole(next, shapes.x), whole(next, shapes.w), whole(next, shapes.y)];
  const [y, dx, dw] = [g.map(() => 0), x.map(() => 0), w.map(() => 0)];
  products(s, (i, j, k) => {
    y[k]! += x[i]! * w[j]!;
    dx[i]! += g[k]! * w[j]!;
    dw[j]! += g[k]! * x[i]!;
  });
  const padding = s.low.map((n, i) => [n, s.high[i]!]);
  return {
    name: `conv${axes}d ${JSON.stringify(s)}`,
    build: (a, b) => convs[axes](a!, b!, { ...s, padding }),
    feeds: [{ shape: shapes.x, data: x }, { shape: shapes.w, data: w }], // prettier-ignore
    cotangent: g,
    result: y,
    gradients: [dx, dw],
  };
}

/** From the result's shape of a convolution back to its input's. */
function convolvedBack(next: () => number, axes: Axes, large: boolean): Expected {
  const s = settingOf(next, axes, large);
  const shapes = shapesOf(s);
  const [y, w, g] = [whole(next, shapes.y), whole(next, shapes.w), whole(next, shapes.x)];
  const [x, dy, dw] = [g.map(() => 0), y.map(() => 0), w.map(() => 0)];
  products(s, (i, j, k) => {
    x[i]! += y[k]! * w[j]!;
    dy[k]! += g[i]! * w[j]!;
    dw[j]! += g[i]! * y[k]!;
  });
  const padding = s.low.map((n, i) => [n, s.high[i]!]);
  const outputPadding = resultSizes(s).map((n, i) => {
    const reach = (s.window[i]! - 1) * s.dilation[i]! + 1;
    return s.size[i]! - ((n - 1) * s.stride[i]! + reach - s.low[i]! - s.high[i]!);
  });
  return {
    name: `convTranspose${axes}d ${JSON.stringify(s)}`,
    build: (a, b) => transposed[axes](a!, b!, { ...s, padding, outputPadding }),
    feeds: [{ shape: shapes.y, data: y }, { shape: shapes.w, data: w }], // prettier-ignore
    cotangent: g,
    result: x,
    gradients: [dy, dw],
  };
}

/** Calls `visit` with the place of every window's result and those of its elements in row-major order. */
function windows(s: Setting, visit: (y: number, xs: readonly number[]) => void): void {
  const [x, y] = [[s.batch, s.channels, ...s.size], [s.batch, s.channels, ...resultSizes(s)]]; // prettier-ignore
  each(y, ([n, c, ...p]) => {
    const places: number[] = [];
    each(s.window, (t) => {
      const i = p.map((q, a) => q * s.stride[a]! + t[a]! * s.dilation[a]! - s.low[a]!);
      if (i.every((q, a) => q >= 0 && q < s.size[a]!)) places.push(at(x, [n!, c!, ...i]));
    });
    visit(at(y, [n!, c!, ...p]), places);
  });
}

/** Paddings so small that every window holds an element. */
function poolSetting(next: () => number, axes: Axes): Setting {
  const s = settingOf(next, axes, false);
  const small = (list: readonly number[]) => list.map((n, i) => Math.min(n, s.window[i]! - 1));
  const [low, high] = [small(s.low), small(s.high)];
  const size = s.size.map((n, i) => Math.max(n, (s.window[i]! - 1) * s.dilation[i]! + 1));
  return { ...s, size, low: low.map((n, i) => (s.dilation[i] === 1 ? n : 0)), high: high.map((n, i) => (s.dilation[i] === 1 ? n : 0)) }; // prettier-ignore
}

function pooled(next: () => number, axes: Axes, kind: "max" | "mean", counting: boolean): Expected {
  const s = poolSetting(next, axes);
  const shape = [s.batch, s.channels, ...s.size];
  const x = whole(next, shape);
  const g = whole(next, [s.batch, s.channels, ...resultSizes(s)]).map((n) => n * elementCount(s.window));
  const [y, dx] = [g.map(() => 0), x.map(() => 0)];
  windows(s, (k, places) => {
    if (kind === "max") {
      const first = places.reduce((best, i) => (x[i]! > x[best]! ? i : best));
      y[k] = x[first]!;
      dx[first]! += g[k]!;
      return;
    }
    const count = counting ? elementCount(s.window) : places.length;
    y[k] = places.reduce((sum, i) => sum + x[i]!, 0) / count;
    for (const i of places) dx[i]! += g[k]! / count;
  });
  const padding = s.low.map((n, i) => [n, s.high[i]!]);
  const options = { stride: s.stride, dilation: s.dilation, padding, countIncludePad: counting };
  return {
    name: `${kind}Pool${axes}d ${JSON.stringify(s)}`,
    build: (a) => (kind === "max" ? maxPools : meanPools)[axes](a!, s.window, options),
    feeds: [{ shape, data: x }],
    cotangent: g,
    result: y,
    gradients: [dx],
  };
}

const kinds: readonly { name: string; make: (next: () => number) => Expected }[] = ([1, 2, 3] as const).flatMap((axes) => [
  { name: `conv${axes}d, small`, make: (next: () => number) => convolved(next, axes, settingOf(next, axes, false)) },
  { name: `conv${axes}d, large`, make: (next: () => number) => convolved(next, axes, settingOf(next, axes, true)) },
  { name: `convTranspose${axes}d, small`, make: (next: () => number) => convolvedBack(next, axes, false) },
  { name: `convTranspose${axes}d, large`, make: (next: () => number) => convolvedBack(next, axes, true) },
  { name: `maxPool${axes}d`, make: (next: () => number) => pooled(next, axes, "max", true) },
  { name: `meanPool${axes}d, padding counts`, make: (next: () => number) => pooled(next, axes, "mean", true) },
  { name: `meanPool${axes}d, padding does not count`, make: (next: () => number) => pooled(next, axes, "mean", false) },
]); // prettier-ignore

/** So many positions that the window's gradient sums more than one panel of terms, in blocks of unequal length. */
const long: Setting = {
  batch: 4,
  groups: 1,
  channels: 1,
  outputs: 8,
  size: [31, 30],
  window: [3, 3],
  stride: [1, 1],
  dilation: [1, 1],
  low: [0, 0],
  high: [0, 0],
};

type Run = (typeof evaluators)[number]["run"];

function expectSame(run: Run, { name, build, feeds, cotangent, result, gradients }: Expected): void {
  const types = feeds.map(({ shape }) => tensorType("f32", shape));
  const { shape } = build(...inputsOf(types).inputs).type;
  const { builder, inputs } = inputsOf([...types, tensorType("f32", shape)]);
  const xs = inputs.slice(0, -1);
  const y = build(...xs) as Value;
  const found = gradient([y], xs, { cotangents: [inputs.at(-1)!] }) as readonly Value[];
  const results = run(graphOf(builder, inputs, [y, ...found]), [...feeds.map(({ data }) => data), cotangent]);
  [result, ...gradients].forEach((expected, i) => {
    const own = results.get(`y${i}`)!;
    const worst = expected.reduce((most, n, j) => Math.max(most, Math.abs(n - own[j]!)), 0);
    expect(worst, `${i === 0 ? "result" : `gradient ${i}`} of ${name}`).toBeLessThan(1e-4);
    expect(own.length, name).toBe(expected.length);
  });
}

describe.each(evaluators)(`$name computes what loops compute, seed ${seed}`, ({ run }) => {
  test.each(kinds)("$name", ({ name, make }) => {
    const repeats = name.endsWith("large") ? 3 : 6;
    for (let repeat = 0; repeat < repeats; repeat++) expectSame(run, make(generator(seed + 31 * repeat)));
  });
});

describe.each(evaluators.filter(({ name }) => name.startsWith("wasm") || name === "eager"))("$name", ({ run }) => {
  test("sums a gradient of 3248 terms", () => expectSame(run, convolved(generator(seed), 2, long)));
});
