// Plain JavaScript: loops over typed arrays, as one would write them without a library.
import {
  chainScalars,
  countOf,
  type Elementwise,
  feedsOf,
  type Network,
  parametersOf,
  type Product,
  type Task,
} from "../task.js";
import { numbers, type Step } from "../workload.js";
import { type StepOrReason, without } from "./peer.js";

export function plainStep(task: Task): StepOrReason {
  if (task.kind === "product") return productStep(task);
  if (task.kind === "elementwise") return elementwiseStep(task);
  const [first, second] = task.layers;
  if (first!.kind === "softmax" || first!.kind === "layerNorm") return rowStep(task, first!.kind);
  const small = task.input.join() === "4,2" && second?.kind === "dense" && second.out === 1;
  return small ? xorStep(task) : without("nobody writes that by hand");
}

function productStep({ m, k, n }: Product): Step {
  const [a, b] = [numbers(m * k, 1), numbers(k * n, 2)];
  const run = () => {
    const c = new Float32Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let p = 0; p < k; p++) {
        const factor = a[i * k + p]!;
        for (let j = 0; j < n; j++) c[i * n + j]! += factor * b[p * n + j]!;
      }
    }
    return { c };
  };
  return { run };
}

function elementwiseStep({ length, gradient }: Elementwise): Step {
  const x = numbers(length, 1, 3);
  const [a, b, c] = chainScalars;
  const forward = () => {
    const y = new Float32Array(length);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const v = x[i]!;
      y[i] = Math.tanh(v) / (1 + Math.exp(-(a * v + b))) + Math.max(v - c, 0);
      sum += y[i]!;
    }
    return { y, sum: [sum] };
  };
  const backward = () => {
    const dx = new Float32Array(length);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const v = x[i]!;
      const s = 1 / (1 + Math.exp(-(a * v + b)));
      const t = Math.tanh(v);
      sum += s * t + Math.max(v - c, 0);
      dx[i] = a * s * (1 - s) * t + s * (1 - t * t) + (v > c ? 1 : 0);
    }
    return { sum: [sum], dx };
  };
  return { run: gradient ? backward : forward };
}

function rowStep(network: Network, kind: "softmax" | "layerNorm"): Step {
  const x = feedsOf(network).x as Float32Array;
  const width = network.input.at(-1)!;
  const run = () => {
    const y = new Float32Array(countOf(network.input));
    for (let row = 0; row < y.length; row += width) (kind === "softmax" ? softmaxRow : normRow)(x, y, row, width);
    return { y };
  };
  return { run };
}

function softmaxRow(x: Float32Array, y: Float32Array, row: number, width: number): void {
  let greatest = -Infinity;
  for (let i = row; i < row + width; i++) if (x[i]! > greatest) greatest = x[i]!;
  let sum = 0;
  for (let i = row; i < row + width; i++) sum += y[i] = Math.exp(x[i]! - greatest);
  for (let i = row; i < row + width; i++) y[i]! /= sum;
}

function normRow(x: Float32Array, y: Float32Array, row: number, width: number): void {
  let sum = 0;
  for (let i = row; i < row + width; i++) sum += x[i]!;
  const mean = sum / width;
  let squares = 0;
  for (let i = row; i < row + width; i++) squares += (x[i]! - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / width + 1e-5);
  for (let i = row; i < row + width; i++) y[i] = (x[i]! - mean) * scale;
}

/** A step of the 2-4-1 network on its four points, without an array made. */
function xorStep(network: Network): Step {
  const [w, b, v, c] = parametersOf(network.layers).map(({ data }) => data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const { x, y } = feedsOf(network);
  const { lr } = network.training!.optimizer;
  const [h, dw, db, dv] = [4, 8, 4, 4].map((length) => new Float32Array(length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const run = () => {
    let [loss, dc] = [0, 0];
    for (const sums of [dw, db, dv]) sums.fill(0);
    for (let row = 0; row < 4; row++) {
      const [x0, x1] = [x[2 * row]!, x[2 * row + 1]!];
      let sum = c[0]!;
      for (let j = 0; j < 4; j++) {
        h[j] = 1 / (1 + Math.exp(-(x0 * w[j]! + x1 * w[4 + j]! + b[j]!)));
        sum += h[j]! * v[j]!;
      }
      const out = 1 / (1 + Math.exp(-sum));
      const off = out - y![row]!;
      loss += (off * off) / 4;
      const slope = 0.5 * off * out * (1 - out);
      dc += slope;
      for (let j = 0; j < 4; j++) {
        dv[j]! += slope * h[j]!;
        const inner = slope * v[j]! * h[j]! * (1 - h[j]!);
        db[j]! += inner;
        dw[j]! += inner * x0;
        dw[4 + j]! += inner * x1;
      }
    }
    for (let j = 0; j < 8; j++) w[j]! -= lr * dw[j]!;
    for (let j = 0; j < 4; j++) {
      b[j]! -= lr * db[j]!;
      v[j]! -= lr * dv[j]!;
    }
    c[0]! -= lr * dc;
    return { loss: [loss] };
  };
  return { run };
}
