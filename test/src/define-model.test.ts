// Instances of a model: their seeds, gradients and summary. Their losses are checked in test/models.
import { describe, expect, test } from "vitest";
import { grad } from "#src/gradients.js";
import xor from "../../examples/xor.js";
import { xorRows } from "../models/plain-code.js";

describe("an instance of a model", () => {
  test("another seed starts elsewhere, the same seed in the same place", () => {
    const start = (seed: number) => [...xor.create({ seed }).parameters[0]!.data()];
    expect(start(1)).toEqual(start(1));
    expect(start(1)).not.toEqual(start(2));
  });

  test("the gradients of an instance are those of grad, in f64 too", () => {
    const instance = xor.create();
    const single = instance.gradients().run(xorRows);
    const double = instance.gradients({ dtype: "f64" }).run(xorRows);
    expect(Object.keys(single)).toEqual([
      "loss",
      "gradient of dense1/weight",
      "gradient of dense1/bias",
      "gradient of dense2/weight",
      "gradient of dense2/bias",
    ]);
    for (const [name, { data }] of Object.entries(double)) {
      expect(data).toBeInstanceOf(Float64Array);
      Array.from(data).forEach((x, i) => expect(single[name]!.data[i]).toBeCloseTo(x, 5));
    }
    expect(grad(instance.static.loss, instance.parameters)).toHaveLength(4);
  });

  test("its summary has a row per layer that computes", () => {
    const { rows, parameters } = xor.create().summary();
    expect(rows.map((row) => [row.name, row.kind, row.output, row.parameters])).toEqual([
      ["dense1", "dense", "f32[batch,2]", 6],
      ["dense2", "dense", "f32[batch,1]", 3],
    ]);
    expect(parameters).toBe(9);
  });
});
