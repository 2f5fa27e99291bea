// Derived from the op table: an op mapped over a batch does to every element what the op does to it alone, and so do
// gradients, per element and summed over the batch. The elements are a sample and copies of it with other numbers.
import { describe, expect, test } from "vitest";
import { BatchingOwner } from "#ir/batching.js";
import { isFloat, type TypedArray, zeros } from "#ir/dtype.js";
import { constantLike } from "#ir/forms.js";
import type { Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { elementCount } from "#ir/size.js";
import { tensorType } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { difference } from "../compare.js";
import { measure } from "../magnitudes.js";
import { type Case, cases, dataOf, graphOf, inputsOf, isCheckedOnce } from "./cases.js";
import { evaluators, reference } from "./evaluators.js";

const size = 3;

/** One way to map a case: which operands have an axis of the batch. */
interface Mapping {
  readonly name: string;
  readonly c: Case;
  readonly mapped: readonly boolean[];
}

/** All operands mapped; of the first samples of an op also the first and the last operand alone. */
function mappingsOf(chosen: readonly Case[]): readonly Mapping[] {
  const seen = new Map<AnyOp, number>();
  return chosen.flatMap((c) => {
    const positions = c.sample.operands.map((_, i) => i);
    const before = seen.get(c.op) ?? 0;
    seen.set(c.op, before + 1);
    const some = positions.length > 1 && before < 3 ? [positions, [0], [positions.length - 1]] : [positions];
    return some.map((which) => ({
      name: `${c.name}${which.length < positions.length ? `, operand ${which.join()} only` : ""}`,
      c,
      mapped: positions.map((i) => which.includes(i)),
    }));
  });
}

const withOperands = cases().filter(({ op, sample }) => op.lower.kind !== "leaf" && sample.operands.length > 0);
const mappings = mappingsOf(withOperands.filter(({ name }) => !name.endsWith(", f64")));
const smooth = mappingsOf(withOperands.filter(isCheckedOnce));

/** The numbers of one element of the batch: floats shrink a little from copy to copy, others trade places in every second. */
function elementData({ c, mapped }: Mapping, element: number): readonly TypedArray[] {
  return c.sample.operands.map((literal, i) => {
    const data = dataOf(literal);
    if (!mapped[i]) return data;
    if (isFloat(literal.dtype)) return data.map((x) => x * (1 - element / 16));
    return element % 2 === 1 ? data.toReversed() : data;
  });
}

function joined(parts: readonly TypedArray[], dtype: Parameters<typeof zeros>[0]): TypedArray {
  const all = zeros(dtype, parts.reduce((sum, part) => sum + part.length, 0)); // prettier-ignore
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The case over a batch: a graph whose outputs `build` makes of the operands, one element at a time. */
function batched(m: Mapping, build: (xs: readonly Operand[]) => readonly Operand[]) {
  const { operands } = m.c.sample;
  const types = operands.map((x, i) => tensorType(x.dtype, m.mapped[i] ? [size, ...x.shape] : x.shape));
  const { builder, inputs } = inputsOf(types);
  const owner = new BatchingOwner(builder, size);
  const xs = inputs.map((x, i) => (m.mapped[i] ? owner.map(x) : owner.lift(x)));
  const outputs = build(xs).map((y) => owner.collect(y) as Value);
  const elements = Array.from({ length: size }, (_, element) => elementData(m, element));
  const feeds = operands.map((x, i) => (m.mapped[i] ? joined(elements.map((e) => e[i]!), x.dtype) : dataOf(x))); // prettier-ignore
  return { graph: graphOf(builder, inputs, outputs), feeds, elements };
}

/** The same for one element alone. */
function single(m: Mapping, build: (xs: readonly Operand[]) => readonly Operand[]) {
  const { builder, inputs } = inputsOf(m.c.sample.operands.map((x) => tensorType(x.dtype, x.shape)));
  return graphOf(builder, inputs, build(inputs) as readonly Value[]);
}

const applied =
  ({ c: { op, sample } }: Mapping) =>
  (xs: readonly Operand[]) =>
    xs[0]!.owner.apply(op, xs, sample.attrs);

describe.each(evaluators.filter(({ name }) => ["reference", "wasm", "eager"].includes(name)))("on $name", ({ run }) => {
  test.each(mappings)("mapped $name", (m) => {
    const { graph, feeds, elements } = batched(m, applied(m));
    const alone = single(m, applied(m));
    const results = run(graph, feeds);
    const expected = elements.map((e) => {
      const truth = measure([...alone.outputs.values()], new Map(alone.inputs.map((node, i) => [node, e[i]!])));
      const values = reference.run(alone, e);
      return [...alone.outputs].map(([name, y]) => ({ data: values.get(name)!, scale: truth.get(y)!.scale }));
    });
    [...alone.outputs].forEach(([name, { type }], i) => {
      const all = joined(expected.map((e) => e[i]!.data), type.dtype); // prettier-ignore
      const scale = joined(expected.map((e) => e[i]!.scale), "f64"); // prettier-ignore
      const k = 2 * (m.c.op.tolerance ?? 4);
      expect(difference(results.get(name)!, all, { dtype: type.dtype, k, scale })).toBeNull();
    });
  });
});

/** Weighs the results, so that none of their elements is special, and takes the gradients of all floats. */
function gradients(op: AnyOp, xs: readonly Operand[], attrs: Case["sample"]["attrs"]): readonly Operand[] {
  const ys = xs[0]!.owner.apply(op, xs, attrs).filter((y) => isFloat(y.type.dtype));
  const floats = xs.filter((x) => isFloat(x.type.dtype));
  const cotangents = ys.map((y, i) => constantLike(y, 0.75 + i));
  return gradient(ys, floats, { cotangents, unconnected: "zero" });
}

describe("gradients per element are the gradients of each element alone", () => {
  test.each(smooth)("$name", (m) => {
    const build = (xs: readonly Operand[]) => gradients(m.c.op, xs, m.c.sample.attrs);
    expectPerElement(m, build);
  });
});

describe("the gradient of a mapped op is that of each element, summed where the operand is the same for all", () => {
  test.each(smooth)("$name", (m) => {
    const { c } = m;
    const alone = single(m, (xs) => gradients(c.op, xs, c.sample.attrs));
    const floats = c.sample.operands.map((x, i) => ({ x, i })).filter(({ x }) => isFloat(x.dtype));
    const { graph, feeds, elements } = batched(m, applied(m));
    const ys = [...graph.outputs.values()].filter((y) => isFloat(y.type.dtype));
    const xs = floats.map(({ i }) => graph.inputs[i]!.results[0]!);
    const cotangents = ys.map((y, i) => constantLike(y, 0.75 + i));
    const found = gradient(ys, xs, { cotangents, unconnected: "zero" }) as readonly Value[];
    const results = reference.run(graphOf(graph.builder, graph.inputs.map((n) => n.results[0]!), found), feeds); // prettier-ignore
    const perElement = elements.map((e) => [...reference.run(alone, e).values()]);
    floats.forEach(({ x, i }, n) => {
      const parts = perElement.map((all) => all[n]!);
      const sum = zeros("f64", elementCount(x.shape)).map((_, at) => parts.reduce((s, part) => s + part[at]!, 0));
      const expected = m.mapped[i] ? joined(parts, "f64") : sum;
      expectClose(results.get(`y${n}`)!, expected);
    });
  });
});

function expectPerElement(m: Mapping, build: (xs: readonly Operand[]) => readonly Operand[]): void {
  const { graph, feeds, elements } = batched(m, build);
  const alone = single(m, build);
  const results = reference.run(graph, feeds);
  for (const [name, { type }] of alone.outputs) {
    const parts = elements.map((e) => reference.run(alone, e).get(name)!);
    expectClose(results.get(name)!, joined(parts, type.dtype));
  }
}

function expectClose(actual: TypedArray, expected: TypedArray): void {
  const largest = Array.from(expected).reduce((most, x) => Math.max(most, Number.isFinite(x) ? Math.abs(x) : 0), 1e-3);
  const scale = new Float64Array(expected.length).fill(largest);
  expect(difference(actual, expected, { dtype: "f64", k: 1e4, scale })).toBeNull();
}
