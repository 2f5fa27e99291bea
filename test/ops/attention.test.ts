// Attention against a loop written out in double precision, and what masks and extreme scores give.
import { describe, expect, test } from "vitest";
import { scaledDotProductAttention } from "#ir/ops/attention.js";
import { t } from "#ir/op.js";
import { generator, seed } from "../random.js";
import { atPoint, floats } from "./at-point.js";

interface Case {
  readonly lengths: readonly [queries: number, keys: number];
  readonly causal?: boolean;
  /** Bools, or numbers to add. */
  readonly mask?: readonly (boolean | number)[];
  readonly scale?: number;
}

const [depth, width, batch] = [3, 2, 2];

/** Row by row, as the definition says. */
function attend(q: readonly number[], k: readonly number[], v: readonly number[], options: Case): number[] {
  const { lengths: [queries, keys], causal = false, mask, scale = 1 / Math.sqrt(depth) } = options; // prettier-ignore
  const out: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < queries; i++) {
      const scores = Array.from({ length: keys }, (_, j) => {
        let score = 0;
        for (let d = 0; d < depth; d++) score += q[(b * queries + i) * depth + d]! * k[(b * keys + j) * depth + d]!;
        const m = mask?.[i * keys + j] ?? 0;
        const sees = (!causal || j <= i) && m !== false;
        return sees ? score * scale + (typeof m === "number" ? m : 0) : -Infinity;
      });
      const largest = Math.max(...scores);
      const weights = scores.map((s) => (largest === -Infinity ? 0 : Math.exp(s - largest)));
      const total = weights.reduce((x, y) => x + y, 0) || 1;
      for (let w = 0; w < width; w++) {
        out.push(weights.reduce((sum, weight, j) => sum + (weight / total) * v[(b * keys + j) * width + w]!, 0));
      }
    }
  }
  return out;
}

const cases: Record<string, Case> = {
  plain: { lengths: [4, 5] },
  causal: { lengths: [4, 4], causal: true },
  "causal, fewer keys than queries": { lengths: [5, 3], causal: true },
  "a mask of bools": { lengths: [2, 3], mask: [true, false, true, false, true, true] },
  "a mask of numbers": { lengths: [2, 3], mask: [0.5, -2, 1, -Infinity, 0, 3] },
  "a row that sees nothing": { lengths: [2, 2], mask: [false, false, true, false] },
  "causal with a mask and a scale": { lengths: [3, 3], causal: true, mask: [true, true, true, false, true, true, true, true, false], scale: 2 }, // prettier-ignore
};

describe.each(Object.entries(cases))(`attention, %s, seed ${seed}`, (_, c) => {
  const next = generator(seed);
  const numbers = (n: number) => Array.from({ length: n }, () => 4 * next() - 2);
  const [queries, keys] = c.lengths;
  const [q, k, v] = [numbers(batch * queries * depth), numbers(batch * keys * depth), numbers(batch * keys * width)];
  const shapes = [[batch, queries, depth], [batch, keys, depth], [batch, keys, width]]; // prettier-ignore
  const at = [q, k, v].map((data, i) => floats("f64", data, shapes[i]!));
  const shown = c.mask && t(typeof c.mask[0] === "boolean" ? "bool" : "f64", [queries, keys], c.mask.map(Number));
  const { lengths: _lengths, mask: _mask, ...settings } = c;
  const compute = () =>
    atPoint(
      (x, y, z, mask) => scaledDotProductAttention(x!, y!, z!, { ...settings, ...(mask && { mask }) }),
      ...at,
      ...(shown ? [shown] : []),
    );

  test("is what the loop gives", () => {
    const expected = attend(q, k, v, c);
    compute().y.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 12));
  });

  test("has the gradient that differences of the loop give", () => {
    const { gradients } = compute();
    const sum = (xs: readonly number[]) => xs.reduce((x, y) => x + y, 0);
    [q, k, v].forEach((data, which) => {
      data.forEach((x, i) => {
        const moved = (h: number) => {
          const pieces = [q, k, v].map((own, j) => (j === which ? own.with(i, x + h) : own)) as [
            number[],
            number[],
            number[],
          ];
          return sum(attend(...pieces, c));
        };
        expect(gradients[which]![i]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7);
      });
    });
  });
});

test("scores of ±10000 in f32 choose the largest, and gradients are finite", () => {
  const [q, k, v] = [floats("f32", [100], [1, 1]), floats("f32", [100, -100], [2, 1]), floats("f32", [7, 9], [2, 1])];
  const { y, gradients } = atPoint((a, b, c) => scaledDotProductAttention(a!, b!, c!), q, k, v);
  expect(y).toEqual([7]);
  expect(gradients.map((g) => g.map(Math.abs))).toEqual([[0], [0, 0], [1, 0]]);
});

test("a query that sees nothing gives 0 and no gradient, not NaN", () => {
  const pieces = [floats("f32", [1], [1, 1]), floats("f32", [1, 2], [2, 1]), floats("f32", [7, 9], [2, 1])];
  const { y, gradients } = atPoint(
    (q, k, v, mask) => scaledDotProductAttention(q!, k!, v!, { mask: mask! }),
    ...pieces,
    t("bool", [1, 2], [0, 0]),
  );
  expect(y).toEqual([0]);
  expect(gradients.map((g) => g.map(Math.abs))).toEqual([[0], [0, 0], [0, 0]]);
});
