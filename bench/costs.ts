// What a task needs at least: arithmetic of its products and convolutions, bytes of its operands and results.
import { countOf, type Layer, type Network, outputShape, shapeAfter, type Task } from "./task.js";

/** Multiplications and additions of a step's matrix products and convolutions; 0 where there are none. */
export function flopsOf(task: Task): number {
  if (task.kind === "product") return 2 * task.m * task.k * task.n;
  if (task.kind === "elementwise") return 0;
  let shape = task.input;
  const forward = task.layers.map((layer) => {
    const before = shape;
    shape = shapeAfter(layer, shape);
    return forwardFlops(layer, before, shape);
  });
  const sum = forward.reduce((a, b) => a + b, 0);
  if (!task.training) return sum;
  // Two gradients each; nobody asks for that of the input.
  const first = task.layers[0]!.kind;
  return 3 * sum - (first === "dense" || first === "conv" ? forward[0]! : 0);
}

function forwardFlops(layer: Layer, before: readonly number[], after: readonly number[]): number {
  switch (layer.kind) {
    case "dense":
      return 2 * countOf(before) * layer.out;
    case "conv":
      return 2 * countOf(after) * layer.in * layer.window ** 2;
    case "lstm":
      return (2 * countOf(before) * (layer.in + layer.units) * 4 * layer.units) / layer.in;
    case "transformer": {
      const { width, hidden } = layer;
      const places = before.at(-2)!;
      return 2 * countOf(before) * (4 * width + 2 * hidden + 2 * places);
    }
    case "embedding":
    case "maxPool":
    case "meanPool":
    case "flatten":
    case "softmax":
    case "layerNorm":
      return 0;
  }
}

/** Bytes of a forward task without products: every operand read once, every result written once. 0 for the others. */
export function bytesOf(task: Task): number {
  if (flopsOf(task) > 0) return 0;
  if (task.kind === "elementwise") return 8 * task.length;
  const network = task as Network;
  return 4 * (countOf(network.input) + countOf(outputShape(network)));
}
