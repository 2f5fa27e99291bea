// Sequences of ids from a model that gives the logits of the next one: drawn by itself, or told what was right.
import { GraphError, ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { printType } from "#ir/type.js";
import { ops } from "../ops.js";
import * as random from "../randomness.js";
import type { Dim, Shape } from "../shapes.js";
import type { Tensor } from "../tensor.js";
import type { TensorTree } from "../tensor-trees.js";
import { scanTrees } from "./scan-trees.js";

type Ids = Tensor<Shape, "i32">;

/** From ids i32 `[batch]` and a state to the logits `[batch, classes]` of the next ids, and the next state. */
export type NextIds<S extends TensorTree> = (ids: Ids, state: S) => readonly [logits: Tensor, next: S];

/** How ids are drawn. */
export interface SampleOptions {
  /**
   * What logits are divided by: the smaller, the more often the likeliest id; 1 where nothing is said. The number 0 takes
   * the likeliest. A scalar of a graph can be another one in every run.
   */
  readonly temperature?: number | Tensor;
}

/** What `generate` takes besides. */
export interface GenerateOptions extends SampleOptions {
  /** How many ids. */
  readonly length: Dim;
}

/** What `decode` takes besides. */
export interface DecodeOptions extends SampleOptions {
  /** How probably a step is told the right id and not one drawn from the step before (Bengio et al., 2015); 1 where nothing is said. */
  readonly teacher?: number | Tensor;
}

/** Ids i32, drawn by the softmax of logits along the last axis. */
export function sample(logits: Tensor, { temperature = 1 }: SampleOptions = {}): Ids {
  if (temperature === 0) return logits.argmax(-1) as unknown as Ids;
  if (typeof temperature === "number" && !(temperature > 0))
    throw atUserLine(() => new GraphError(`sample: the temperature is ${temperature}, not a number from 0 up`));
  return random.categorical(temperature === 1 ? logits : logits.div(temperature as Tensor));
}

/**
 * Ids i32 `[batch, length]` that follow `first` i32 `[batch]`, each drawn by what `next` makes of the one before; a loop of
 * the graph where tensors are symbolic. Gives the last state too, which has seen all ids but the last.
 */
export function generate<S extends TensorTree>(
  next: NextIds<S>,
  first: Tensor,
  state: S,
  options: GenerateOptions,
): readonly [ids: Ids, state: S] {
  const { length } = options;
  const turn = ({ ids, state: before }: { readonly ids: Ids; readonly state: S }) => {
    const [logits, after] = next(ids, before);
    const drawn = sample(logits, options);
    return [{ ids: drawn, state: after }, drawn] as const;
  };
  const [last, drawn] = scanTrees(turn as never, { ids: first, state }, [], { length });
  return [(drawn as Tensor).transpose([1, 0]) as Ids, (last as { readonly state: S }).state];
}

/**
 * Logits `[batch, time, classes]` of a model that is told the ids i32 `[batch, time]` one by one: step t the right one, or
 * else, with probability `1 − teacher`, what was drawn by the logits of step t − 1. Gives the last state too.
 */
export function decode<S extends TensorTree>(
  next: NextIds<S>,
  ids: Tensor,
  state: S,
  options: DecodeOptions = {},
): readonly [logits: Tensor, state: S] {
  if (ids.rank !== 2 || ids.dtype !== "i32")
    throw atUserLine(() => new ShapeError(`decode: ids are ${printType(ids.type)}, not i32[batch,time]`));
  const { teacher = 1 } = options;
  const sequence = ids.transpose([1, 0]);
  const turn = ({ own, state: before }: { readonly own: Ids; readonly state: S }, right: Ids) => {
    const told = teacher === 1 ? right : ops.where(isTold(right, teacher), right, own);
    const [logits, after] = next(told as Ids, before);
    return [{ own: teacher === 1 ? own : sample(logits, options), state: after }, logits] as const;
  };
  // In step 0 there is nothing drawn yet: the right id stands for it.
  const start = ids.slice([0, 0], [ids.shape[0]!, 1]).reshape([ids.shape[0]!]);
  const [last, logits] = scanTrees(turn as never, { own: start, state }, sequence, {});
  return [(logits as Tensor).transpose([1, 0, 2]), (last as { readonly state: S }).state];
}

/** For each example whether it is told the right id. */
function isTold(right: Tensor, teacher: number | Tensor): Tensor<Shape, "bool"> {
  return random.uniform(right.shape, { like: right }).less(teacher as Tensor) as Tensor<Shape, "bool">;
}
