// A trial: a random call of an op, with the same call in TensorFlow.js. How families of them are made.
import type * as tf from "@tensorflow/tfjs-core";
import type { Operand } from "#ir/node.js";
import { integer } from "../../random.js";

export type Random = () => number;

/** Where the elements of the operands lie: `rough` keeps its distance from integers and halves. */
export type Domain = "any" | "positive" | "unit" | "rough";

/** One call, with the shapes of its float operands. */
export interface Trial {
  readonly shapes: readonly (readonly number[])[];
  readonly ours: (...xs: readonly Operand[]) => Operand;
  readonly theirs: (...xs: readonly tf.Tensor[]) => tf.Tensor;
  readonly domain?: Domain;
  /** How many ε·S the two may differ, where TensorFlow.js or a long sum needs more than 16. */
  readonly k?: number;
  /** False where one of the two has no gradient. */
  readonly gradient?: boolean;
}

export type Ours = (...xs: readonly Operand[]) => Operand;
export type Theirs = (...xs: readonly tf.Tensor[]) => tf.Tensor;
export type Settings = Partial<Pick<Trial, "domain" | "k" | "gradient">>;

/** Trials by name: of the op, or what is special about the call. */
export type Trials = Readonly<Record<string, (next: Random) => Trial>>;

export type Reduction = (x: Operand, axes: readonly number[], options: { readonly keepDims: boolean }) => Operand;

export function shapeOf(next: Random, rank: number, largest = 4): number[] {
  return Array.from({ length: rank }, () => integer(next, 1, largest));
}

export function shuffled(next: Random, list: readonly number[]): number[] {
  return list.map((x) => ({ x, key: next() })).sort((a, b) => a.key - b.key).map(({ x }) => x); // prettier-ignore
}

export function map(ours: Ours, theirs: Theirs, settings: Settings = {}) {
  return (next: Random): Trial => ({ shapes: [shapeOf(next, integer(next, 0, 3))], ours, theirs, ...settings });
}

/** Two operands that broadcast: of the second, leading axes are missing or axes have size 1. */
export function map2(
  ours: Ours,
  theirs: Theirs,
  { broadcasts = true, ...settings }: Settings & { readonly broadcasts?: boolean } = {},
) {
  return (next: Random): Trial => {
    const shape = shapeOf(next, integer(next, 1, 3));
    const smaller = shape.map((size) => (next() < 0.3 ? 1 : size)).slice(next() < 0.3 ? 1 : 0);
    const other = broadcasts ? smaller : shape;
    return { shapes: next() < 0.5 ? [shape, other] : [other, shape], ours, theirs, ...settings };
  };
}

export function reduce(ours: Reduction, theirs: typeof tf.sum, settings: Settings = {}) {
  return (next: Random): Trial => {
    const axes = shuffled(next, [0, 1, 2]).slice(0, integer(next, 1, 3));
    const keepDims = next() < 0.5;
    return {
      shapes: [shapeOf(next, 3)],
      ours: (x) => ours(x!, axes, { keepDims }),
      theirs: (x) => theirs(x!, axes, keepDims),
      ...settings,
    };
  };
}

/** Along one axis; the last where theirs knows no other. */
export function along(
  ours: (x: Operand, axis: number) => Operand,
  theirs: (x: tf.Tensor, axis: number) => tf.Tensor,
  { lastAxis = false, ...settings }: Settings & { readonly lastAxis?: boolean } = {},
) {
  return (next: Random): Trial => {
    const axis = lastAxis ? 2 : integer(next, 0, 2);
    return { shapes: [shapeOf(next, 3, 5)], ours: (x) => ours(x!, axis), theirs: (x) => theirs(x!, axis), ...settings };
  };
}
