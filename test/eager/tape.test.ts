// Eager gradients, against central differences and closed forms; histories, lifting into graphs, assignment.
import { describe, expect, it } from "vitest";
import { Builder } from "#ir/builder.js";
import { DisposedError, GradientError } from "#ir/errors.js";
import type { Operand, Value } from "#ir/node.js";
import { add, exp, input, matmul, mul, reshape, slice, softmax, sub, sum, tanh, transpose } from "#ir/ops/index.js";
import { makeParameter } from "#ir/parameter.js";
import { evaluateValues } from "#ir/reference.js";
import type { EagerTensor } from "#src/eager/eager-tensor.js";
import { eagerGradient } from "#src/eager/gradient.js";
import { assignTo, writeTo } from "#src/eager/parameters.js";
import { scope } from "#src/eager/scope.js";
import { parametersOf, withoutHistory } from "#src/eager/tape.js";
import { onReference } from "./fake-device.js";

const { engine, device } = onReference();
const f64 = (shape: number[], ...values: number[]) => engine.from(Float64Array.from(values), shape, "f64");
const eager = (x: Operand) => x as EagerTensor;
const numbers = (x: Operand) => [...eager(x).data()];
const weight = (name: string, ...values: number[]) =>
  makeParameter(name, { dtype: "f64", shape: [values.length] }, () => Float64Array.from(values));

/** (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h for every i. */
function differences(f: (x: EagerTensor) => Operand, x: EagerTensor): number[] {
  const h = 1e-5;
  const at = (i: number, step: number) => {
    const data = x.data();
    data[i]! += step;
    return numbers(f(engine.from(data, x.type.shape, "f64")))[0]!;
  };
  return [...x.data()].map((_, i) => (at(i, h) - at(i, -h)) / (2 * h));
}

describe("eagerGradient", () => {
  it("of x·x·x at 2 is 12, and again 12, and again 6", () => {
    const x = f64([], 2);
    const [first] = eagerGradient(eager(mul(mul(x, x), x)), [x]);
    const [second] = eagerGradient(first!, [x]);
    const [third] = eagerGradient(second!, [x]);
    expect([first!, second!, third!].map((g) => numbers(g)[0])).toEqual([12, 12, 6]);
  });

  it("through views, products and a composite equals central differences", () => {
    const w = f64([3, 2], 0.3, -0.2, 0.5, 0.7, -0.4, 0.1);
    const loss = (x: EagerTensor) => {
      const turned = transpose(reshape(x, [2, 3]), [1, 0]);
      const hidden = softmax(tanh(matmul(slice(turned, [0, 0], [3, 2]), transpose(w, [1, 0]))));
      return sum(mul(hidden, exp(hidden)));
    };
    const x = f64([6], 0.1, -0.9, 0.4, 1.2, -0.6, 0.8);
    const [g] = eagerGradient(eager(loss(x)), [x]);
    const truth = differences(loss, x);
    numbers(g!).forEach((value, i) => expect(value).toBeCloseTo(truth[i]!, 8));
  });

  it("takes a cotangent where y is no scalar: (a, b)·(x, 3x) gives a + 3b", () => {
    const x = f64([], 5);
    const y = eager(mul(x, f64([2], 1, 3)));
    const [g] = eagerGradient(y, [x], { cotangent: f64([2], 10, 100) });
    expect(numbers(g!)).toEqual([310]);
    expect(() => eagerGradient(y, [x])).toThrow("grad: y is f64[2], not a scalar; give a cotangent");
  });

  it("of something that does not depend on x is an error", () => {
    const [x, z] = [f64([], 1), f64([], 2)];
    expect(() => eagerGradient(eager(mul(z, z)), [x])).toThrow("grad: y does not depend on x");
  });

  it("of a chain of 10 000 steps needs no deep recursion", () => {
    const x = f64([], 1);
    let y: Operand = x;
    scope(() => {
      for (let i = 0; i < 10_000; i++) y = add(y, x);
      expect(numbers(eagerGradient(eager(y), [x], { history: false })[0]!)).toEqual([10_001]);
    });
  });

  it("without history leaves nothing behind but its results, which are leaves", () => {
    const x = f64([2], 1, 2);
    const y = eager(sum(mul(exp(x), x)));
    const before = engine.memory.live;
    const [g] = eagerGradient(y, [x], { history: false });
    expect(engine.memory.live).toBe(before + 16);
    expect(() => eagerGradient(eager(sum(g!)), [x])).toThrow(GradientError);
  });
});

describe("histories", () => {
  it("end where a tensor leaves its scope", () => {
    const x = f64([], 3);
    const y = scope(() => mul(x, x));
    expect(numbers(y)).toEqual([9]);
    expect(() => eagerGradient(eager(y), [x])).toThrow("does not depend on");
  });

  it("are not written inside withoutHistory", () => {
    const x = f64([], 3);
    const y = withoutHistory(() => eager(mul(x, x)));
    expect(y.record).toBeNull();
    expect(eager(mul(y, x)).record).not.toBeNull();
  });

  it("do not keep memory that was disposed of: the gradient says what is missing", () => {
    const x = f64([2], 1, 2);
    const z = eager(exp(x));
    const y = eager(sum(mul(z, x)));
    z.dispose();
    expect(() => eagerGradient(y, [x])).toThrow(DisposedError);
    expect(() => eagerGradient(y, [x])).toThrow("f64[2] made by exp was disposed of");
  });

  it("know the parameters behind a tensor in order of first use", () => {
    const [a, b, c] = [weight("a", 1), weight("b", 2), weight("c", 3)];
    const y = mul(add(engine.parameter(b), engine.parameter(a)), engine.parameter(b));
    expect(parametersOf(eager(y)).map((p) => p.name)).toEqual(["b", "a"]);
    expect(parametersOf(engine.parameter(c))).toEqual([c]);
    expect(parametersOf(f64([], 1))).toEqual([]);
  });
});

describe("parameters", () => {
  it("live on the device, start with their initial value and change in place", () => {
    const w = weight("w", 1, 2);
    const tensor = engine.parameter(w);
    expect(tensor).toBe(engine.parameter(w));
    expect(tensor.address).toBe(device.address(w));
    assignTo([[tensor, eager(add(tensor, tensor))]]);
    expect(numbers(tensor)).toEqual([2, 4]);
    writeTo(tensor, [5, 6]);
    expect(numbers(tensor)).toEqual([5, 6]);
    tensor.dispose();
    expect(numbers(tensor)).toEqual([5, 6]);
  });

  it("can be swapped, and assigned a view of themselves", () => {
    const [a, b] = [engine.parameter(weight("a", 1, 2)), engine.parameter(weight("b", 3, 4))];
    assignTo([
      [a, b],
      [b, a],
    ]);
    expect([numbers(a), numbers(b)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  it("refuse a value of another type, and change nothing", () => {
    const [a, b] = [engine.parameter(weight("a", 1, 2)), engine.parameter(weight("b", 3))];
    const pairs = [
      [a, f64([2], 8, 9)],
      [b, f64([2], 8, 9)],
    ] as const;
    expect(() => assignTo(pairs)).toThrow("assign: parameter b is f64[1], but the value is f64[2]");
    expect(numbers(a)).toEqual([1, 2]);
    expect(() => writeTo(b, [1, 2])).toThrow("assign: parameter b is f64[1], but 2 numbers are given");
  });

  it("make views of their old value, and gradients through it, errors instead of wrong numbers", () => {
    const w = engine.parameter(weight("w", 1, 2));
    const view = eager(reshape(w, [2, 1]));
    const loss = eager(sum(mul(w, w)));
    assignTo([[w, f64([2], 3, 4)]]);
    expect(() => view.data()).toThrow(
      "data: f64[2,1] made by reshape is a view of a parameter that has been assigned since",
    );
    expect(() => exp(view)).toThrow(DisposedError);
    expect(() => eagerGradient(loss, [w])).toThrow("grad: mul used parameter w, which has been assigned since");
    expect(numbers(eagerGradient(eager(sum(mul(w, w))), [w])[0]!)).toEqual([6, 8]);
  });
});

describe("eager tensors in a graph", () => {
  const builder = new Builder("g");
  const x = builder.apply(input, [], { name: "x", dtype: "f64", shape: [2] })[0]!;
  const evaluate = (value: Operand, feeds: [Value, Float64Array][]) =>
    [...evaluateValues([value as Value], new Map(feeds.map(([v, data]) => [v.node, data]))).get(value as Value)!]; // prettier-ignore

  it("are constants, the same one each time", () => {
    const c = f64([2], 10, 20);
    const y = add(x, c) as Value;
    expect(y.owner).toBe(builder);
    expect(add(x, c)).toBe(y);
    expect(evaluate(y, [[x, Float64Array.of(1, 2)]])).toEqual([11, 22]);
  });

  it("that are views lift in row-major order", () => {
    const turned = reshape(slice(transpose(f64([2, 2], 1, 2, 3, 4), [1, 0]), [0, 0], [1, 2]), [2]);
    expect(evaluate(add(x, turned), [[x, Float64Array.of(0, 0)]])).toEqual([1, 3]);
  });

  it("that were computed from parameters are computed again, so that they follow the parameter", () => {
    const w = weight("w", 1, 2);
    const penalty = sum(mul(engine.parameter(w), engine.parameter(w)));
    const y = add(x, penalty) as Value;
    const node = engine.parameter(w).liftInto(builder) as Value;
    expect(node.node.attrs.parameter).toBe(w);
    expect(add(x, penalty)).toBe(y);
    const feeds: [Value, Float64Array][] = [
      [x, Float64Array.of(0, 0)],
      [node, Float64Array.of(3, 4)],
    ];
    expect(evaluate(y, feeds)).toEqual([25, 25]);
  });

  it("computed from parameters lift also when their memory was disposed of", () => {
    const twice = eager(sub(mul(engine.parameter(weight("v", 1, 2)), 2), f64([2], 0, 1)));
    twice.dispose();
    expect(evaluate(add(x, twice), [[x, Float64Array.of(0, 0)]])).toEqual([2, 3]);
  });
});
