// The convolution layer and pooling: what they print, against the notes' numbers and plain loops, in both modes.
import { expect, test } from "vitest";
import convolutionLayer, { layer } from "../../examples/convolution-layer.js";
import pooling from "../../examples/pooling.js";
import { data } from "gradloom";
import { Told } from "./told.js";

const modes = ["compiled", "eager"] as const;
const numbersIn = (text: string) => text.split("\n").slice(1).join(" ").trim().split(/\s+/).map(Number);

test.each(modes)("the convolution layer: %s, the notes' outputs, and gradients that pass the check", async (mode) => {
  const report = new Told();
  await convolutionLayer.run({ report, mode });
  const grids = report.lines.filter((line) => line.includes("\n")).map(numbersIn);
  // As the course notes and their picture give them.
  expect(grids[0]).toEqual([6, 7, 5, 3, -1, -1, 2, -1, 4]);
  expect(grids[1]).toEqual([2, -5, -8, 1, -4, -4, 0, -5, -5]);
  expect(report.lines).toContain("of the biases: 9 and 7");
  expect(grids[5]).toEqual([4, 3, 4, 2, 4, 3, 2, 3, 4]);
  expect(grids[6]).toEqual([4, 4, 2, 4]);
  // The first number of a correlation with 1 2 3 in the first row is 1·1 + 2·1 + 3·1; turned, only its 3 1s meet the last row.
  expect(grids[7]!.slice(0, 3)).toEqual([6, 3, 1]);
  expect(grids[8]!.slice(0, 3)).toEqual([1, 3, 6]);
  for (const [name, error] of Object.entries(report.found)) expect(error, name).toBeLessThan(1e-8);
});

test.each(modes)("the convolution layer: %s, gradients under random cotangents are those of plain loops", (mode) => {
  const random = data.seeded(7);
  const draw = (count: number) => Array.from({ length: count }, () => random.normal());
  const feeds = { x: draw(75), w: draw(54), b: draw(2), c: draw(18) };
  const instance = layer.create();
  const found = mode === "eager" ? instance.eagerPredict(feeds) : instance.predict().run(feeds);
  const want = plainConvolution(feeds);
  for (const name of ["output", "x", "w", "b"] as const) {
    want[name].forEach((v, i) => expect(found[name].data[i], `${name} ${i}`).toBeCloseTo(v, 10));
  }
});

interface ConvolutionFeeds {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly b: readonly number[];
  readonly c: readonly number[];
}

/** Output and gradients of 3×5×5 by two 3×3×3, padding 1, stride 2: every product once, in plain loops. */
function plainConvolution({ x, w, b, c }: ConvolutionFeeds) {
  const found = { output: c.map(() => 0), x: x.map(() => 0), w: w.map(() => 0), b: b.map(() => 0) };
  for (let at = 0; at < 18; at++) {
    const [f, row, column] = [Math.floor(at / 9), Math.floor((at % 9) / 3), at % 3];
    found.output[at] = b[f]!;
    found.b[f]! += c[at]!;
    for (let tap = 0; tap < 27; tap++) {
      const [channel, p, q] = [Math.floor(tap / 9), Math.floor((tap % 9) / 3), tap % 3];
      const [i, j] = [2 * row + p - 1, 2 * column + q - 1];
      if (i < 0 || i > 4 || j < 0 || j > 4) continue;
      const [from, by] = [25 * channel + 5 * i + j, 27 * f + tap];
      found.output[at]! += x[from]! * w[by]!;
      found.x[from]! += c[at]! * w[by]!;
      found.w[by]! += c[at]! * x[from]!;
    }
  }
  return found;
}

test.each(modes)("pooling: %s, outputs and gradients where windows overlap are those of plain loops", async (mode) => {
  const report = new Told();
  await pooling.run({ report, mode });
  const grids = report.lines.filter((line) => line.includes("\n")).map(numbersIn);
  expect(grids).toHaveLength(12);
  const x = [1, 3, 2, 0, 4, 1, 2, 0, 2, 5, 1, 3, 2, 6, 4, 1, 9, 2, 0, 7, 1, 2, 0, 1, 3, 1, 0, 2, 1, 6, 0, 2, 8, 1, 0, 3, 1, 2, 0, 1, 4, 3, 0, 2, 7, 1, 2, 0, 5]; // prettier-ignore
  const [largest, dLargest, mean, dMean] = [new Array<number>(9).fill(0), x.map(() => 0), new Array<number>(9).fill(0), x.map(() => 0)] as const; // prettier-ignore
  for (let at = 0; at < 9; at++) {
    const taps = Array.from({ length: 9 }, (_, t) => 7 * (2 * Math.floor(at / 3) + Math.floor(t / 3)) + 2 * (at % 3) + (t % 3)); // prettier-ignore
    const best = taps.reduce((a, b) => (x[b]! > x[a]! ? b : a));
    largest[at] = x[best]!;
    dLargest[best]! += at + 1;
    for (const tap of taps) {
      mean[at]! += x[tap]! / 9;
      dMean[tap]! += (at + 1) / 9;
    }
  }
  expect(dLargest[16]).toBe(12);
  expect(grids[4]).toEqual(largest);
  expect(grids[5]).toEqual(dLargest);
  grids[6]!.forEach((v, i) => expect(v).toBeCloseTo(mean[i]!, 3));
  grids[7]!.forEach((v, i) => expect(v).toBeCloseTo(dMean[i]!, 3));
  // Nothing of the cotangents is lost: 1 + 2 + … + 9.
  expect(grids[5]!.reduce((sum, v) => sum + v, 0)).toBe(45);
});
