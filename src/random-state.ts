// The state of random numbers: a seed and a counter of runs. Graphs and eager code that share a state share its counter.
import { GraphError } from "#ir/errors.js";
import type { Parameter as ParameterRecord } from "#ir/node.js";
import { makeParameter } from "#ir/parameter.js";
import { RandomSource } from "#ir/random-source.js";

const counters = new WeakSet<ParameterRecord>();

/** Where a program, a model or a graph takes its random numbers from. */
export class RandomState {
  /** The number of the run: an i32 scalar, saved with other parameters. */
  readonly counter: ParameterRecord;
  /** What eager code draws from; it starts anew at every step. */
  readonly eager: RandomSource;

  /** Throws a GraphError where the seed is not a whole number from 0. */
  constructor(readonly seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new GraphError(`${seed} is no seed: seeds are whole numbers from 0`);
    this.counter = makeParameter("random.counter", { dtype: "i32", shape: [] });
    counters.add(this.counter);
    this.eager = new RandomSource(seed, this.counter);
  }

  /** What a graph draws from: the same seed and counter, keys counted by itself. */
  forGraph(): RandomSource {
    return new RandomSource(this.seed, this.counter);
  }
}

/** Whether a parameter counts runs, so that every executable that reads it advances it. */
export function countsRuns(parameter: ParameterRecord): boolean {
  return counters.has(parameter);
}

let current: RandomState | null = null;

/** The state in force: that of the model being made or computed, else that of the program, whose seed is 0 at first. */
export function currentRandom(): RandomState {
  return (current ??= new RandomState(0));
}

/** Replaces the state in force. */
export function setRandom(state: RandomState): void {
  current = state;
}

/** Runs `build` with another state in force. */
export function withRandom<T>(state: RandomState, build: () => T): T {
  const before = current;
  current = state;
  try {
    return build();
  } finally {
    current = before;
  }
}
