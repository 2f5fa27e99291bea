// Totals of parameters that are known from the literature.
import { expect, test } from "vitest";
import { nn } from "gradloom";

/** AlexNet (Krizhevsky, Sutskever, Hinton, 2012): its second, fourth and fifth convolutions in one group or in two. */
function alexNet(groups: 1 | 2) {
  const activation = "relu";
  return nn.sequential(
    nn.conv2d(3, 96, 11, { stride: 4, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.conv2d(96, 256, 5, { padding: 2, groups, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.conv2d(256, 384, 3, { padding: 1, activation }),
    nn.conv2d(384, 384, 3, { padding: 1, groups, activation }),
    nn.conv2d(384, 256, 3, { padding: 1, groups, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.flatten(),
    nn.dense(256 * 6 * 6, 4096, { activation }),
    nn.dense(4096, 4096, { activation }),
    nn.dense(4096, 1000),
  );
}
const total = (rows: readonly nn.SummaryRow[]) => rows.reduce((sum, row) => sum + row.parameters, 0);

test.each([
  [2, 60_965_224],
  [1, 62_378_344],
] as const)("AlexNet with %i groups has %i parameters, and the outputs of the paper", (groups, parameters) => {
  const rows = nn.summarize(alexNet(groups), ["batch", 3, 227, 227]);
  expect(total(rows)).toBe(parameters);
  expect(rows.filter((row) => row.kind !== "flatten").map((row) => row.output.slice(10, -1))).toEqual(
    ["96,55,55", "96,27,27", "256,27,27", "256,13,13", "384,13,13", "384,13,13", "256,13,13", "256,6,6", "4096", "4096", "1000"], // prettier-ignore
  );
});

test("an LSTM of n inputs and m states has 4((n + m)m + m)", () => {
  for (const [n, m] of [
    [3, 5],
    [64, 128],
  ] as const)
    // prettier-ignore
    expect(total(nn.summarize(nn.lstm(n, m), ["batch", 7, n]))).toBe(4 * ((n + m) * m + m));
});
