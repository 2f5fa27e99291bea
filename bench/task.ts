// What a workload computes, as data that every library's side reads: a product, a chain of functions, or a network.
import { labels, numbers } from "./workload.js";

export type Activation = "relu" | "tanh" | "sigmoid";

/** A layer on `[batch, …]`; images are `[batch, channels, height, width]`, sequences `[batch, time, features]` or ids `[batch, time]`. */
export type Layer =
  | { readonly kind: "dense"; readonly in: number; readonly out: number; readonly activation?: Activation }
  | {
      readonly kind: "conv";
      readonly in: number;
      readonly out: number;
      readonly window: number;
      readonly stride?: number;
      readonly padding?: number;
      readonly activation?: Activation;
    }
  | { readonly kind: "maxPool" | "meanPool"; readonly window: number }
  | { readonly kind: "flatten" | "softmax" }
  | { readonly kind: "layerNorm"; readonly width: number }
  | { readonly kind: "embedding"; readonly count: number; readonly width: number }
  /** Gives its last output. */
  | { readonly kind: "lstm"; readonly in: number; readonly units: number }
  | { readonly kind: "transformer"; readonly width: number; readonly heads: number; readonly hidden: number };

/** With labels: softmax cross entropy; with numbers: the mean squared error. */
export interface Training {
  readonly target: "labels" | "numbers";
  readonly optimizer: { readonly kind: "sgd" | "adam"; readonly lr: number };
}

export interface Product {
  readonly kind: "product";
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** sigmoid(a·x + b)·tanh(x) + relu(x − c) and its sum; or the sum and its gradient. */
export interface Elementwise {
  readonly kind: "elementwise";
  readonly length: number;
  readonly gradient: boolean;
}
/** a, b and c of the chain of functions. */
export const chainScalars: readonly [number, number, number] = [0.7, 0.2, 0.1];

export interface Network {
  readonly kind: "network";
  readonly input: readonly number[];
  readonly layers: readonly Layer[];
  /** A training step; a forward pass where nothing is said. */
  readonly training?: Training;
  /** Other feeds than invented ones. */
  readonly feeds?: { readonly x: Float32Array; readonly y: Float32Array };
}
export type Task = Product | Elementwise | Network;

export const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The shape after a layer. */
export function shapeAfter(layer: Layer, shape: readonly number[]): readonly number[] {
  switch (layer.kind) {
    case "dense":
      return [...shape.slice(0, -1), layer.out];
    case "conv": {
      const { window, stride = 1, padding = 0, out } = layer;
      return [shape[0]!, out, ...shape.slice(2).map((size) => Math.floor((size + 2 * padding - window) / stride) + 1)];
    }
    case "maxPool":
    case "meanPool":
      return [...shape.slice(0, 2), ...shape.slice(2).map((size) => Math.floor(size / layer.window))];
    case "flatten":
      return [shape[0]!, countOf(shape.slice(1))];
    case "embedding":
      return [...shape, layer.width];
    case "lstm":
      return [shape[0]!, layer.units];
    case "softmax":
    case "layerNorm":
    case "transformer":
      return shape;
  }
}

export const outputShape = ({ input, layers }: Network): readonly number[] =>
  layers.reduce<readonly number[]>((shape, layer) => shapeAfter(layer, shape), input);

/** How many ids there are for an embedding at the beginning of a network; null where there is none. */
export function idsOf({ layers }: Network): number | null {
  const [first] = layers;
  return first?.kind === "embedding" ? first.count : null;
}

/** What is given to a network at each step: x, which are ids for an embedding, and y where it is trained. */
export function feedsOf(network: Network): {
  readonly x: Float32Array | Int32Array;
  readonly y: Float32Array | Int32Array | null;
} {
  if (network.feeds) return network.feeds;
  const length = countOf(network.input);
  const ids = idsOf(network);
  const x = ids === null ? numbers(length, 100) : Int32Array.from(numbers(length, 100), (v) => ((v + 1) / 2) * ids);
  const shape = outputShape(network);
  if (!network.training) return { x, y: null };
  return { x, y: network.training.target === "labels" ? labels(shape[0]!, shape[1]!) : numbers(countOf(shape), 101) };
}

export interface Initial {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The parameters of layers in order: weights `[in, out]` and `[out, in, window, window]` before biases, scales before shifts. */
export function parametersOf(layers: readonly Layer[]): readonly Initial[] {
  const shapes = layers.flatMap(shapesIn);
  return shapes.map(([fill, ...shape], i) => {
    const count = countOf(shape);
    if (fill !== weight) return { shape, data: new Float32Array(count).fill(fill!) };
    return { shape, data: numbers(count, i, Math.sqrt((6 * Math.max(...shape)) / count)) };
  });
}

/** Stands for invented numbers where a filling is said. */
const weight = -1;

/** What the parameters of a layer are filled with, then their shapes. */
function shapesIn(layer: Layer): readonly (readonly number[])[] {
  switch (layer.kind) {
    case "dense":
      return denseShapes(layer.in, layer.out);
    case "conv":
      return [
        [weight, layer.out, layer.in, layer.window, layer.window],
        [0, layer.out],
      ];
    case "layerNorm":
      return normShapes(layer.width);
    case "embedding":
      return [[weight, layer.count, layer.width]];
    case "lstm":
      return [
        [weight, layer.in, 4 * layer.units],
        [weight, layer.units, 4 * layer.units],
        [0, 4 * layer.units],
      ];
    case "transformer": {
      const { width, hidden } = layer;
      const norm = normShapes(width);
      const attention = Array.from({ length: 4 }, () => denseShapes(width, width)).flat();
      return [...norm, ...attention, ...norm, ...denseShapes(width, hidden), ...denseShapes(hidden, width)];
    }
    case "maxPool":
    case "meanPool":
    case "flatten":
    case "softmax":
      return [];
  }
}

const denseShapes = (from: number, to: number): readonly (readonly number[])[] => [
  [weight, from, to],
  [0, to],
];
const normShapes = (width: number): readonly (readonly number[])[] => [
  [1, width],
  [0, width],
];
