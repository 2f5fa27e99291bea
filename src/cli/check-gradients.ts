// Gradients against central differences, element by element, on a float64 copy of a model.
import type { Feeds } from "../feeds.js";
import type { ModelInstance } from "../model-instance.js";
import type { Parameter } from "../parameter.js";
import { seeded } from "../random.js";

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

type Trial = Pick<GradientRow, "expected" | "actual" | "error" | "epsilon"> & { readonly at: number };

const epsilons = [1e-4, 1e-6];
const enough = 1e-4;

/** A row per parameter. Elements of parameters with more than `samples` are drawn at random, always the same ones. */
export function checkGradients(instance: ModelInstance, feeds: Feeds, samples: number): GradientRow[] {
  const gradients = instance.gradients({ dtype: "f64" });
  const counter = gradients.copyOf(instance.counter);
  const now = counter.item();
  // Every run must draw the same random numbers.
  const loss = (): number => {
    counter.assign(now);
    return gradients.run(feeds).loss.data[0]!;
  };
  const results = gradients.run(feeds) as Readonly<Record<string, { readonly data: ArrayLike<number> }>>;
  const actual = instance.parameters.map((p) => results[`gradient of ${p.name}`]!.data);
  const largest = Math.max(...actual.map((g) => Array.from(g).reduce((max, x) => Math.max(max, Math.abs(x)), 0)));
  return instance.parameters.map((p, i) => {
    const copy = gradients.copyOf(p);
    const trials = chosen(p.count, samples, i).map((at) => tryElement(copy, at, actual[i]![at]!, loss, largest * 1e-6));
    const worst = trials.reduce((a, b) => (b.error > a.error ? b : a));
    const { at, ...numbers } = worst;
    const shape = p.type.shape;
    return { parameter: p.name, shape, count: p.count, tried: trials.length, index: indexOf(at, shape), ...numbers };
  });
}

function tryElement(copy: Parameter, at: number, actual: number, loss: () => number, floor: number): Trial {
  let best: Trial | null = null;
  for (const epsilon of epsilons) {
    const expected = centralDifference(copy, at, loss, epsilon);
    const scale = Math.max(Math.abs(actual), Math.abs(expected), floor);
    const error = scale === 0 ? 0 : Math.abs(actual - expected) / scale;
    if (!best || error < best.error)
      best = { at, expected, actual, error: Number.isNaN(error) ? Infinity : error, epsilon };
    if (best.error <= enough) break;
  }
  return best!;
}

function centralDifference(copy: Parameter, at: number, loss: () => number, epsilon: number): number {
  const values = copy.data() as Float64Array;
  const before = values[at]!;
  const lossAt = (value: number): number => {
    values[at] = value;
    copy.assign(values);
    return loss();
  };
  const difference = lossAt(before + epsilon) - lossAt(before - epsilon);
  values[at] = before;
  copy.assign(values);
  return difference / (2 * epsilon);
}

/** Which elements to try: all, or as many as asked for, drawn at random without repetition. */
function chosen(count: number, samples: number, stream: number): readonly number[] {
  if (count <= samples) return Array.from({ length: count }, (_, i) => i);
  const random = seeded(0, stream);
  const found = new Set<number>();
  while (found.size < samples) found.add(random.int(count));
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
