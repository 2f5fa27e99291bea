// The small examples in both modes against plain float64 code: the losses of the first 20 steps.
import { expect, test } from "vitest";
import line from "../../examples/linear-regression.js";
import xor from "../../examples/xor.js";
import { expectNear, lineLosses, xorLosses, xorRows } from "./plain-code.js";

const steps = 20;

test("linear regression: compiled and eager losses are those of plain code", () => {
  const feeds = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };
  const [train, eager] = [line.create().train(), line.create()];
  const want = lineLosses(steps);
  const compiled = Array.from({ length: steps }, () => train.run(feeds).loss.data[0]!);
  expectNear(compiled, want);
  const eagerly = Array.from({ length: steps }, () => eager.eagerStep(feeds));
  expectNear(eagerly, want);
});

test("XOR: compiled and eager losses are those of hand-written back-propagation, and predictions agree", () => {
  const [compiled, eager] = [xor.create({ seed: 3 }), xor.create({ seed: 3 })];
  const start = compiled.parameters.map((p) => p.data());
  expect(eager.parameters.map((p) => p.data())).toEqual(start);
  const want = xorLosses(start, steps);
  const train = compiled.train();
  const losses = Array.from({ length: steps }, () => train.run(xorRows).loss.data[0]!);
  expectNear(losses, want);
  const eagerly = Array.from({ length: steps }, () => eager.eagerStep(xorRows));
  expectNear(eagerly, want);
  const fed = { x: xorRows.x };
  const [a, b] = [compiled.predict().run(fed).probability.data, eager.eagerPredict(fed).probability.data];
  expectNear([...a], [...b]);
});
