// Convolutions with 3×3 windows and stride 1, by the method of Winograd, F(2×2, 3×3): four neighbouring results take 16
// products in place of 36. Images are cut into tiles of 4×4 elements, two apart, and these and the windows are transformed by
// a few additions; for each of the 16 places of a tile the sums over channels are a matrix product; a few more additions make
// of 16 sums four results. (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.) Its sums have nine times
// fewer terms, so that it rounds no worse than the direct form.
import { secondsOf } from "#ir/cost.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { matmul } from "#ir/ops/contractions.js";
import { constant } from "#ir/ops/leaves.js";
import { reshape, transpose } from "#ir/ops/movement.js";
import { slice } from "#ir/ops/slicing.js";
import { convolution } from "#ir/ops/window-products.js";
import type { WalkAttrs } from "#ir/convolution.js";
import type { Pass } from "./pass.js";
import { type Replacement, transform } from "./rewrite.js";

/**
 * The part of the direct form's time that it may take, by an estimate that is a tenth or two too low, and what that form takes
 * at least: four launches take longer to compile than one.
 */
const worthwhile = 0.65;
const leastSeconds = 1e-3;

const rule = "convolution(x, 3×3) → Winograd's sixteen products, where they take less time";

export const winograd = winogradWhere(pays);

/** The same for all 3×3 convolutions of stride 1 of which `chosen` holds. */
export function winogradWhere(chosen: (sizes: Sizes) => boolean): Pass<Graph> {
  return {
    name: "winograd",
    doc: "Convolutions with 3×3 windows become sixteen matrix products of transformed tiles, where the estimate says that they take less time.",
    rules: [rule],
    run: (graph, note) => transform(graph, (node) => replaced(node, chosen), note),
  };
}

/** A convolution in numbers: sizes of the result, and how many tiles cover them. */
interface Sizes {
  readonly images: number;
  readonly channels: number;
  readonly outputs: number;
  readonly size: readonly [number, number];
  /** Of the images. */
  readonly source: readonly [number, number];
  readonly low: readonly [number, number];
  readonly tiles: readonly [number, number];
}

function replaced(node: Node, chosen: (sizes: Sizes) => boolean): Replacement | null {
  const sizes = sizesOf(node);
  if (!sizes || !chosen(sizes)) return null;
  const [x, w] = node.operands as [Value, Value];
  return { rule, values: [inTiles(x, w, sizes) as Value] };
}

/** Null for any other convolution. */
function sizesOf(node: Node): Sizes | null {
  if (node.op !== (convolution as AnyOp) || node.results[0]!.type.dtype !== "f32") return null;
  const { stride, dilation, low, size } = node.attrs as WalkAttrs;
  const [x, w] = node.operands.map((v) => v.type.shape as readonly number[]) as [readonly number[], readonly number[]];
  const square = w.length === 5 && w[3] === 3 && w[4] === 3 && w[0] === 1;
  if (!square || ![...stride, ...dilation].every((n) => n === 1)) return null;
  const all = [...x, ...w, ...low, ...size];
  if (!all.every((n) => Number.isInteger(n)) || [...x, ...w, ...size].includes(0)) return null;
  const [height, width] = size as [number, number];
  return {
    images: x[0]!,
    channels: x[2]!,
    outputs: w[1]!,
    size: [height, width],
    source: [x[3]!, x[4]!],
    low: low as readonly [number, number],
    tiles: [Math.ceil(height / 2), Math.ceil(width / 2)],
  };
}

/** Whether its four launches are estimated to take clearly less time than the direct form, and enough of it. */
export function pays({ images, channels, outputs, size, source, tiles }: Sizes): boolean {
  const places = images * tiles[0] * tiles[1];
  // The direct form multiplies no padding: it goes by the elements that windows cover, where these are fewer than its results.
  const covered = Math.min(size[0], source[0]) * Math.min(size[1], source[1]);
  const direct = secondsOf({ flops: 18 * images * channels * outputs * covered, bytes: 0 });
  const [v, u, m, y] = [16 * channels * places, 16 * outputs * channels, 16 * outputs * places, 4 * outputs * places];
  const launches = [
    { flops: 32 * v + 18 * u, bytes: 4 * (v + u) },
    { flops: 2 * channels * m, bytes: 4 * (v + u + m) },
    { flops: 32 * y, bytes: 4 * (m + y) },
    { flops: y, bytes: 8 * y },
  ];
  const seconds = launches.reduce((sum, cost) => sum + secondsOf(cost), 0);
  return direct > leastSeconds && seconds < worthwhile * direct;
}

function inTiles(x: Value, w: Value, sizes: Sizes): Operand {
  const { images, channels, outputs, size, source, low, tiles } = sizes;
  const tile = constant(x, squared(ofTile), "f32", [1, 16, 1, 4, 4]);
  const alone = reshape(x, [images * channels, 1, 1, ...source]);
  const cut = convolution(alone, tile, { stride: [2, 2], dilation: [1, 1], low, size: tiles });
  const area = tiles[0] * tiles[1];
  const v = transpose(reshape(cut, [images, channels, 16, area]), [0, 2, 1, 3]);
  const taps = transpose(reshape(w, [outputs * channels, 9]), [1, 0]);
  const u = reshape(matmul(constant(x, squared(ofWindow), "f32", [16, 9]), taps), [16, outputs, channels]);
  const sums = reshape(matmul(u, v), [images, 16, outputs * area]);
  const four = matmul(constant(x, squared(ofResult), "f32", [4, 16]), sums);
  const inPlace = transpose(reshape(four, [images, 2, 2, outputs, ...tiles]), [0, 3, 4, 1, 5, 2]);
  const whole = reshape(inPlace, [images, outputs, 2 * tiles[0], 2 * tiles[1]]);
  return reshape(slice(whole, [0, 0, 0, 0], [images, outputs, ...size]), [images, 1, outputs, ...size]);
}

/** Rows of the three matrices: what each transformed element is of those in a line. */
const ofTile = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]; // prettier-ignore
const ofWindow = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]; // prettier-ignore
const ofResult = [[1, 1, 1, 0], [0, 1, -1, -1]]; // prettier-ignore

/** The same for elements of a square, without negative zeros: `S[i, j; k, l] = M[i, k] · M[j, l]`. */
function squared(matrix: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(matrix.flatMap((p) => matrix.flatMap((q) => p.flatMap((f) => q.map((h) => f * h + 0)))));
}
