// Gradients to the source of strided convolutions whose phases have different numbers of taps: each is a convolution of its own.
import { expect, test } from "vitest";
import { wasm } from "#runtime/wasm/backend.js";
import { compileGraph } from "#passes/compile.js";
import { type Convolution, convolutionTrial } from "../schedules/convolutions.js";
import { complaintAbout } from "../schedules/trial.js";

const plain: Convolution = {
  dtype: "f32",
  batch: 2,
  groups: 1,
  channels: 5,
  outputs: 6,
  size: [8, 9],
  window: [3, 3],
  stride: [2, 2],
  dilation: [1, 1],
  low: [1, 1],
  high: [1, 1],
  use: "gradients",
};

const cases: readonly (readonly [string, Partial<Convolution>, number])[] = [
  ["3×3 of stride 2", {}, 6],
  ["padding of all kinds", { low: [0, 2], high: [3, 0], size: [7, 6] }, 6],
  ["more padding than window", { low: [4, 3], high: [1, 2], size: [5, 5] }, 6],
  ["groups", { groups: 2, channels: 4, outputs: 6 }, 6],
  ["f64", { dtype: "f64" }, 6],
  ["what windows do not reach", { size: [10, 12], low: [0, 0], high: [0, 0] }, 6],
  ["one axis of stride 4", { size: [33], window: [5], stride: [4], dilation: [1], low: [2], high: [1] }, 6],
  ["3×3×3 of stride 2 has too many phases", { size: [5, 5, 5], window: [3, 3, 3], stride: [2, 2, 2], dilation: [1, 1, 1], low: [1, 1, 1], high: [1, 1, 1] }, 3], // prettier-ignore
  ["5×5 of stride 2 has few zeros", { window: [5, 5], size: [9, 9] }, 3],
];

test.each(cases)("%s", (_, given, contractions) => {
  const trial = convolutionTrial({ ...plain, ...given }, 11);
  expect(complaintAbout(trial, wasm)).toBe(null);
  const { steps } = compileGraph(trial.graph);
  const ops = steps.flatMap(({ kernel }) => kernel.ops);
  // The result, the gradient to the window, and the phases of that to the source.
  expect(ops.filter((op) => op === "convolution").length).toBe(contractions);
});
