// Linear algebra over random matrices: what is solved solves, and what cannot be says so, on every backend.
import { describe, expect, test } from "vitest";
import { cholesky, inverse, matmul, solve, transpose, triangularSolve } from "#ir/ops/index.js";
import type { Operand, Value } from "#ir/node.js";
import { tensorType } from "#ir/type.js";
import { generator, seed } from "../random.js";
import { graphOf, inputsOf } from "./cases.js";
import { evaluators, type GraphEvaluator } from "./evaluators.js";

type Shape = readonly number[];

/** The elements of `build` of f64 inputs. */
function computed(
  run: GraphEvaluator["run"],
  build: (...xs: readonly Operand[]) => Operand,
  ...given: readonly (readonly [Shape, ArrayLike<number>])[]
): Float64Array {
  const { builder, inputs } = inputsOf(given.map(([shape]) => tensorType("f64", shape)));
  const graph = graphOf(builder, inputs, [build(...inputs) as Value]);
  return run(graph, given.map(([, data]) => Float64Array.from(data))).get("y0") as Float64Array; // prettier-ignore
}

const sizes = [1, 2, 3, 7, 18];
const batch = 3;
const flipped = (x: Operand) => transpose(x, [0, 2, 1]);

/** Matrices whose inverses are not large: random, with n added to the diagonal in a random order of the rows. */
function matrices(next: () => number, n: number): Float64Array {
  const data = Float64Array.from({ length: batch * n * n }, () => 2 * next() - 1);
  for (let b = 0; b < batch; b++) {
    const shift = Math.floor(next() * n);
    for (let i = 0; i < n; i++) data[b * n * n + i * n + ((i + shift) % n)]! += n;
  }
  return data;
}

function identities(n: number): number[] {
  return Array.from({ length: batch * n * n }, (_, at) => Number(Math.floor(at / n) % n === at % n));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, n: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!), `element ${i} of size ${n}`).toBeLessThan(1e-12 * n);
  }
}

describe.each(evaluators)(`$name, seed ${seed}`, ({ run }) => {
  const next = generator(seed);

  test("a matrix times its inverse is 1", () => {
    for (const n of sizes) {
      const a = [[batch, n, n], matrices(next, n)] as const;
      expectClose(
        computed(run, (x) => matmul(x!, inverse(x!)), a),
        identities(n),
        n,
      );
      expectClose(
        computed(run, (x) => matmul(inverse(x!), x!), a),
        identities(n),
        n,
      );
    }
  });

  test("what solve gives solves, for matrices, vectors, and one matrix for a batch", () => {
    for (const n of sizes) {
      const a = matrices(next, n);
      const b = Float64Array.from({ length: batch * n * 2 }, () => next());
      const whole = [[[batch, n, n], a], [[batch, n, 2], b]] as const; // prettier-ignore
      expectClose(
        computed(run, (x, y) => matmul(x!, solve(x!, y!)), ...whole),
        b,
        n,
      );
      const one = [[[n, n], a.slice(0, n * n)], [[batch, n, 2], b]] as const; // prettier-ignore
      expectClose(
        computed(run, (x, y) => matmul(x!, solve(x!, y!)), ...one),
        b,
        n,
      );
      const vector = [[[n, n], a.slice(0, n * n)], [[n], b.slice(0, n)]] as const; // prettier-ignore
      expectClose(
        computed(run, (x, y) => matmul(x!, solve(x!, y!)), ...vector),
        b.slice(0, n),
        n,
      );
    }
  });

  test("cholesky: y · yᵀ = x, and the factor solves with x", () => {
    for (const n of sizes) {
      const root = matrices(next, n);
      const positive = computed(run, (r) => matmul(r!, flipped(r!)), [[batch, n, n], root]);
      const x = [[batch, n, n], positive] as const;
      expectClose(
        computed(run, (p) => matmul(cholesky(p!), flipped(cholesky(p!))), x),
        positive,
        n * n * n,
      );
      const again = (p: Operand): Operand => {
        const y = cholesky(p);
        return triangularSolve(y, triangularSolve(y, p), { transpose: true });
      };
      expectClose(
        computed(run, (p) => again(p!), x),
        identities(n),
        n * n,
      );
    }
  });

  const refusal = (build: (x: Operand) => Operand, ...data: readonly number[]): string => {
    const n = Math.sqrt(data.length);
    try {
      return `gave ${computed(run, (x) => build(x!), [[n, n], data]).join()}`;
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message.split("\n")[0]}`;
    }
  };

  test("a singular matrix ends the run, by name", () => {
    const column = "the matrix is singular: it has no pivot in column";
    expect(refusal(inverse, 1, 2, 2, 4)).toBe(`RunError: inverse: ${column} 1`);
    expect(refusal((x) => solve(x, x), 0, 0, 0, 0)).toBe(`RunError: solve: ${column} 0`);
    expect(refusal((x) => triangularSolve(x, x), 1, 0, 5, 0)).toBe(
      "RunError: triangularSolve: the matrix is singular: element 1 of its diagonal is 0",
    );
  });

  test("a matrix that is not positive definite, or not a number, ends the run", () => {
    const minor = "RunError: cholesky: the matrix is not positive definite: its leading minor of order";
    expect(refusal(cholesky, 1, 2, 2, 1)).toBe(`${minor} 2 is not positive`);
    expect(refusal(cholesky, 0)).toBe(`${minor} 1 is not positive`);
    expect(refusal(cholesky, NaN)).toBe(`${minor} 1 is not positive`);
  });
});
