// Long reductions to single numbers are split into parts that threads can share; numbers by formulas.
import { describe, expect, it } from "vitest";
import { compile, Graph, type Tensor } from "../../src/index.js";

const backends = ["wasm", "js"] as const;

function made(shape: readonly number[], of: (x: Tensor) => Record<string, Tensor>, backend: (typeof backends)[number]) {
  const x = new Graph("g").input("x", shape) as unknown as Tensor;
  const program = compile({ outputs: of(x) }, { backend });
  return { program, stages: program.plan().steps.map(({ kernel }) => kernel.stages.map(([space]) => space!.extent)) };
}

describe.each(backends)("on %s", (backend) => {
  it.each([[[300_001]], [[2, 151_000]], [[3, 7, 10_007]], [[140_000, 2]], [[131_072]]])(
    "sum, maximum and minimum of %j",
    (shape) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length }, (_, i) => ((i * 7919) % 31) - 15);
      const { program, stages } = made(
        shape,
        (x) => ({ sum: x.sum() as Tensor, max: x.max() as Tensor, min: x.min() as Tensor }),
        backend,
      );
      expect(stages).toHaveLength(1);
      expect(stages[0]!.length).toBe(2);
      expect(stages[0]![0]).toBe(Math.min(32, shape[0]!));
      data[length - 1] = 40;
      data[length >> 1] = -40;
      const { sum, max, min } = program.run({ x: data });
      const total = data.reduce((a, b) => a + b, 0);
      expect([sum!.data[0], max!.data[0], min!.data[0]]).toEqual([total, 40, -40]);
    },
  );

  it("what is summed may leave the kernel, and more may be made of the sum", () => {
    const length = 200_003;
    const data = Float32Array.from({ length }, (_, i) => (i % 5) - 1);
    const { program } = made(
      [length],
      (x) => {
        const y = x.mul(2) as Tensor;
        const sum = y.sum() as Tensor;
        return { y, sum, half: sum.mul(0.5) as Tensor, scaled: x.mul(sum) as Tensor };
      },
      backend,
    );
    const { y, sum, half, scaled } = program.run({ x: data });
    const total = data.reduce((a, b) => a + 2 * b, 0);
    expect([sum!.data[0], half!.data[0]]).toEqual([total, total / 2]);
    expect(data.findIndex((v, i) => y!.data[i] !== 2 * v)).toBe(-1);
    expect(data.findIndex((v, i) => scaled!.data[i] !== v * total)).toBe(-1);
  });
});

it("a sum of a few numbers, and one that leaves many, stay in one stage", () => {
  expect(made([1000], (x) => ({ sum: x.sum() as Tensor }), "js").stages).toEqual([[1]]);
  expect(made([400, 500], (x) => ({ sum: x.sum(1) as Tensor }), "js").stages).toEqual([[400]]);
});
