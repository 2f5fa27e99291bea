// Gradients against central differences, element by element, on a float64 copy of a model.
import { isFloat } from "#ir/dtype.js";
import { compile, type Outputs } from "./compile.js";
import type { Feed, Feeds } from "./feeds.js";
import { type Gradients, grad } from "./gradients.js";
import { Graph } from "./graph.js";
import type { InputSpecs } from "./input-specs.js";
import { textTable } from "./metrics/text-table.js";
import type { ModelInstance } from "./model-instance.js";
import { mistake, requireCount, requireKnown, requirePositive } from "./optim/check.js";
import type { Parameter } from "./parameter.js";
import { seeded } from "./random.js";
import * as random from "./randomness.js";
import { Tensor } from "./tensor.js";

/** The worst element of one parameter. */
export interface GradientRow {
  readonly parameter: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** How many elements were tried. */
  readonly tried: number;
  readonly index: readonly number[];
  /** By central differences. */
  readonly expected: number;
  /** By the gradient rules. */
  readonly actual: number;
  /** |actual − expected| over the larger of the two, or over a millionth of the largest gradient where both are smaller. */
  readonly error: number;
  readonly epsilon: number;
}

/** Options of `checkGradients`. */
export interface CheckOptions {
  /** Elements to try of each parameter or input, drawn at random but always the same ones; 24 where nothing is said. */
  readonly samples?: number;
  /** ε of (f(w + ε) − f(w − ε)) / 2ε; 1e-4 where nothing is said. An element that disagrees is tried again with a hundredth. */
  readonly epsilon?: number;
  /** The greatest relative error that passes; 1e-4 where nothing is said. */
  readonly tolerance?: number;
}

/** What a check found. */
export class GradientReport {
  /** Whether all elements that were tried agree. */
  readonly ok: boolean;

  constructor(
    /** A row for each parameter or input, the worst first. */
    readonly rows: readonly GradientRow[],
    readonly tolerance: number,
  ) {
    this.ok = rows.every((row) => row.error <= tolerance);
  }

  /** A table, the worst first. */
  toString(): string {
    return textTable(this.cells());
  }

  /** The table's cells: its head, then the worst row first. */
  cells(): readonly (readonly string[])[] {
    const head = ["parameter", "shape", "tried", "worst at", "expected", "actual", "relative error", "ε", ""];
    const rows = this.rows.map((row) => [
      row.parameter,
      `[${row.shape.join()}]`,
      `${row.tried} of ${row.count}`,
      `[${row.index.join()}]`,
      row.expected.toPrecision(8),
      row.actual.toPrecision(8),
      row.error.toPrecision(3),
      row.epsilon.toExponential(0),
      row.error > this.tolerance ? "off" : "ok",
    ]);
    return [head, ...rows];
  }
}

/** Numbers whose elements are changed one by one. */
interface Subject {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
  /** By the gradient rules. */
  readonly actual: ArrayLike<number>;
  /** Brings `values` to where the loss reads them. */
  readonly put: () => void;
}

type Trial = Pick<GradientRow, "expected" | "actual" | "error" | "epsilon"> & { readonly at: number };

/**
 * Compares gradients with central differences in double precision: of a model's loss on a batch, with respect to its
 * parameters, or of a function of tensors with a scalar result, with respect to the float ones. Changes nothing. Throws a
 * GraphError where the result is no scalar.
 */
export function checkGradients<I extends InputSpecs, M, O extends Outputs>(
  model: ModelInstance<I, M, O>,
  feeds: Feeds,
  options?: CheckOptions,
): GradientReport;
export function checkGradients<const X extends readonly Tensor[]>(
  f: (...inputs: Gradients<X>) => Tensor,
  inputs: X,
  options?: CheckOptions,
): GradientReport;
export function checkGradients(
  what: ModelInstance | ((...inputs: readonly Tensor[]) => Tensor),
  given: Feeds | readonly Tensor[],
  options: CheckOptions = {},
): GradientReport {
  requireKnown("checkGradients", options, ["samples", "epsilon", "tolerance"]);
  const { samples = 24, epsilon = 1e-4, tolerance = 1e-4 } = options;
  requireCount("checkGradients", "samples", samples);
  requirePositive("checkGradients", "epsilon", epsilon);
  requirePositive("checkGradients", "tolerance", tolerance);
  const { subjects, loss } =
    typeof what === "function" ? ofFunction(what, given as readonly Tensor[]) : ofModel(what, given as Feeds);
  const largest = subjects.reduce((most, { actual }) => Math.max(most, largestIn(actual)), 0);
  const rows = subjects.map((subject, i): GradientRow => {
    const { name, shape, actual } = subject;
    const count = subject.values.length;
    const tried = chosen(count, samples, i);
    const trials = tried.map((at) => tryElement(subject, at, actual[at]!, loss, { epsilon, floor: largest * 1e-6, tolerance })); // prettier-ignore
    const { at, ...numbers } = trials.reduce((a, b) => (b.error > a.error ? b : a));
    return { parameter: name, shape, count, tried: trials.length, index: indexOf(at, shape), ...numbers };
  });
  return new GradientReport(
    rows.sort((a, b) => b.error - a.error),
    tolerance,
  );
}

interface Checked {
  readonly subjects: readonly Subject[];
  readonly loss: () => number;
}

function ofModel(instance: ModelInstance, feeds: Feeds): Checked {
  const gradients = instance.gradients({ dtype: "f64" });
  const counter = gradients.copyOf(instance.counter);
  const now = counter.item();
  // Every run must draw the same random numbers.
  const run = () => {
    counter.assign(now);
    return gradients.run(feeds) as Readonly<Record<string, { readonly data: ArrayLike<number> }>>;
  };
  const first = run();
  const subjects = instance.parameters.map((p): Subject => {
    const copy = gradients.copyOf(p);
    const values = Float64Array.from(copy.data());
    const actual = first[`gradient of ${p.name}`]!.data;
    return { name: p.name, shape: p.type.shape, values, actual, put: () => copy.assign(values) };
  });
  return { subjects, loss: () => run().loss!.data[0]! };
}

function ofFunction(f: (...inputs: readonly Tensor[]) => Tensor, inputs: readonly Tensor[]): Checked {
  const graph = new Graph("checkGradients");
  const symbols = inputs.map((x, i) => graph.input(`input ${i + 1}`, x.shape, x.dtype) as unknown as Tensor);
  const y = f(...symbols);
  if (!(y instanceof Tensor) || y.rank !== 0) {
    const shown = y instanceof Tensor ? `${y.dtype}[${y.shape.join()}]` : String(y);
    throw mistake(`checkGradients: the function gives ${shown}, not a scalar; add up what it gives: .sum()`);
  }
  const floats = symbols.map((x, i) => ({ x, i })).filter(({ x }) => isFloat(x.dtype));
  const slopes = grad(y, floats.map(({ x }) => x)); // prettier-ignore
  const outputs = Object.fromEntries(slopes.map((g, k): [string, Tensor] => [`gradient ${k}`, g]));
  const executable = compile({ outputs: { value: y, ...outputs } as Outputs }, { dtype: "f64" });
  const counter = executable.copyOf(random.counter() as unknown as Parameter);
  const now = counter.item();
  const feeds = Object.fromEntries(
    inputs.map((x, i): [string, Feed] => {
      const shape = x.shape as readonly number[];
      return [`input ${i + 1}`, { data: isFloat(x.dtype) ? Float64Array.from(x.data()) : x.data(), shape }];
    }),
  );
  const run = () => {
    counter.assign(now);
    const results = executable.run(feeds) as Readonly<Record<string, { readonly data: ArrayLike<number> }>>;
    counter.assign(now);
    return results;
  };
  const first = run();
  const subjects = floats.map(({ x, i }, k): Subject => {
    const { data } = feeds[`input ${i + 1}`] as { readonly data: Float64Array };
    const actual = first[`gradient ${k}`]!.data;
    // The runs read these very numbers.
    return { name: `input ${i + 1}`, shape: x.shape as readonly number[], values: data, actual, put: () => {} };
  });
  return { subjects, loss: () => run().value!.data[0]! };
}

function largestIn(numbers: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < numbers.length; i++) largest = Math.max(largest, Math.abs(numbers[i]!));
  return largest;
}

function tryElement(
  subject: Subject,
  at: number,
  actual: number,
  loss: () => number,
  {
    epsilon: first,
    floor,
    tolerance,
  }: { readonly epsilon: number; readonly floor: number; readonly tolerance: number },
): Trial {
  let best: Trial | null = null;
  // A kink, such as relu's, may lie between; closer by it does not.
  for (const epsilon of [first, first / 100]) {
    const expected = centralDifference(subject, at, loss, epsilon);
    const scale = Math.max(Math.abs(actual), Math.abs(expected), floor);
    const error = scale === 0 ? 0 : Math.abs(actual - expected) / scale;
    if (!best || error < best.error)
      best = { at, expected, actual, error: Number.isNaN(error) ? Infinity : error, epsilon };
    if (best.error <= tolerance) break;
  }
  return best!;
}

function centralDifference({ values, put }: Subject, at: number, loss: () => number, epsilon: number): number {
  const before = values[at]!;
  const lossAt = (value: number): number => {
    values[at] = value;
    put();
    return loss();
  };
  const difference = lossAt(before + epsilon) - lossAt(before - epsilon);
  values[at] = before;
  put();
  return difference / (2 * epsilon);
}

/** Which elements to try: all, or as many as asked for, drawn at random without repetition. */
function chosen(count: number, samples: number, stream: number): readonly number[] {
  if (count <= samples) return Array.from({ length: count }, (_, i) => i);
  const drawn = seeded(0, stream);
  const found = new Set<number>();
  while (found.size < samples) found.add(drawn.int(count));
  return [...found];
}

function indexOf(at: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  for (const size of [...shape].reverse()) {
    index.unshift(at % size);
    at = Math.floor(at / size);
  }
  return index;
}
