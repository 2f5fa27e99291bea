// The losses of small models in plain float64 code, as course notes write them: no tensor, no graph.
import { expect } from "vitest";

/** The losses of linear regression on y = 2x, x from 1 to 4, from w = b = 0 at a rate of 0.01. */
export function lineLosses(steps: number): number[] {
  let [w, b] = [0, 0];
  return Array.from({ length: steps }, () => {
    const errors = [1, 2, 3, 4].map((x) => w * x + b - 2 * x);
    const loss = errors.reduce((sum, e) => sum + e * e, 0) / 4;
    w -= (0.02 * errors.reduce((sum, e, i) => sum + e * (i + 1), 0)) / 4;
    b -= (0.02 * errors.reduce((sum, e) => sum + e, 0)) / 4;
    return loss;
  });
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** The rows of exclusive or, as feeds. */
export const xorRows = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };

/**
 * The losses of a 2-2-1 network of sigmoids on exclusive or by hand-written back-propagation at a rate of 0.1, from
 * `start`: weight and bias of both layers, weights row by row.
 */
export function xorLosses(start: readonly ArrayLike<number>[], steps: number): number[] {
  type Four = [number[], number[], number[], number[]];
  const [w1, b1, w2, b2] = start.map((x) => Array.from(x)) as Four;
  return Array.from({ length: steps }, () => {
    const [dw1, db1, dw2, db2] = [w1, b1, w2, b2].map((p) => p.map(() => 0)) as Four;
    let loss = 0;
    for (let n = 0; n < 4; n++) {
      const x = [xorRows.x[2 * n]!, xorRows.x[2 * n + 1]!];
      const y = xorRows.y[n]!;
      const h = [0, 1].map((j) => sigmoid(x[0]! * w1[j]! + x[1]! * w1[2 + j]! + b1[j]!));
      const p = sigmoid(h[0]! * w2[0]! + h[1]! * w2[1]! + b2[0]!);
      loss -= (y * Math.log(p) + (1 - y) * Math.log(1 - p)) / 4;
      const d = (p - y) / 4;
      db2[0]! += d;
      h.forEach((hj, j) => {
        dw2[j]! += d * hj;
        const dj = d * w2[j]! * hj * (1 - hj);
        db1[j]! += dj;
        x.forEach((xi, i) => (dw1[2 * i + j]! += dj * xi));
      });
    }
    const pairs = [[w1, dw1], [b1, db1], [w2, dw2], [b2, db2]] as const; // prettier-ignore
    for (const [p, d] of pairs) d.forEach((g, i) => (p[i]! -= 0.1 * g));
    return loss;
  });
}

/** Expects numbers that agree to 1e-4, relative to what is wanted, one by one. */
export function expectNear(have: readonly number[], want: readonly number[]): void {
  expect(have).toHaveLength(want.length);
  have.forEach((x, i) => expect(Math.abs(x / want[i]! - 1), `step ${i}`).toBeLessThan(1e-4));
}
