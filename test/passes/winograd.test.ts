// Convolutions that become sixteen products: the numbers of plain loops in double precision, and which they are.
import { expect, test } from "vitest";
import { wasm } from "#runtime/wasm/backend.js";
import { graphPasses } from "#passes/pipelines.js";
import { pays, winograd, winogradWhere } from "#passes/winograd.js";
import { type Convolution, convolutionTrial } from "../schedules/convolutions.js";
import { complaintAbout } from "../schedules/trial.js";

/** All passes, with this one wherever it can be. */
const always = graphPasses.map((pass) => (pass === winograd ? winogradWhere(() => true) : pass));

const plain: Convolution = {
  dtype: "f32",
  batch: 1,
  groups: 1,
  channels: 9,
  outputs: 10,
  size: [12, 10],
  window: [3, 3],
  stride: [1, 1],
  dilation: [1, 1],
  low: [1, 1],
  high: [1, 1],
  use: "bias and relu",
};

const cases: readonly (readonly [string, Partial<Convolution>, number])[] = [
  ["even sizes", {}, 1],
  ["odd sizes without padding", { size: [9, 15], low: [0, 0], high: [0, 0], use: "result" }, 1],
  ["padding that differs at every end", { size: [6, 9], low: [2, 0], high: [0, 3] }, 1],
  ["several images, gradients", { batch: 3, size: [7, 8], use: "gradients" }, 2],
  ["an update of the window", { batch: 2, size: [14, 14], use: "step" }, 2],
  ["another window stays as it is", { window: [3, 2], low: [1, 0], high: [1, 1] }, 0],
  ["one position, one channel", { channels: 1, outputs: 1, size: [3, 3], low: [0, 0], high: [0, 0] }, 1],
  ["a stride stays as it is", { stride: [1, 2], size: [18, 37] }, 0],
  ["groups stay as they are", { groups: 2, channels: 10, outputs: 6 }, 0],
  ["f64 stays as it is", { dtype: "f64" }, 0],
];

test.each(cases)("%s", (_, given, expected) => {
  let applied = 0;
  const observe = { rule: (pass: string) => void (applied += pass === "winograd" ? 1 : 0) };
  const trial = convolutionTrial({ ...plain, ...given }, 7);
  expect(complaintAbout(trial, wasm, { observe, passes: always })).toBe(null);
  expect(applied).toBe(expected);
});

const sizes = (images: number, channels: number, outputs: number, n: number, source = n, low = 1) =>
  ({ images, channels, outputs, size: [n, n], source: [source, source], low: [low, low], tiles: [Math.ceil(n / 2), Math.ceil(n / 2)] }) as const; // prettier-ignore

test("it pays where measurements say that it does: many channels, and positions enough for their windows", () => {
  const measured: readonly (readonly [ReturnType<typeof sizes>, boolean])[] = [
    [sizes(1, 64, 64, 28), true],
    [sizes(8, 64, 64, 28), true],
    [sizes(8, 128, 128, 28), true],
    [sizes(1, 256, 256, 14), true],
    [sizes(1, 512, 512, 7), false],
    [sizes(8, 32, 32, 32), false],
    [sizes(4, 16, 16, 64), false],
    [sizes(32, 32, 64, 11, 13, 0), false],
    [sizes(32, 64, 64, 5, 3, 2), false],
    [sizes(1, 3, 64, 32), false],
    [sizes(1, 64, 64, 8), false],
  ];
  expect(measured.map(([x]) => pays(x))).toEqual(measured.map(([, yes]) => yes));
});
