// Names and seeds for layers that are given none: counted, so that the same program makes the same model every time.

interface Context {
  readonly seed: number;
  readonly counts: Map<string, number>;
  layers: number;
}

let context: Context = { seed: 0, counts: new Map(), layers: 0 };

/** Runs `build` with fresh counts: the layers it makes have the names and seeds they would have in a program of their own. */
export function freshContext<T>(seed: number, build: () => T): T {
  const before = context;
  context = { seed, counts: new Map(), layers: 0 };
  try {
    return build();
  } finally {
    context = before;
  }
}

/** `dense1`, `dense2`, …: the next name for a layer of a kind. */
export function nextName(kind: string): string {
  const count = (context.counts.get(kind) ?? 0) + 1;
  context.counts.set(kind, count);
  return `${kind}${count}`;
}

/** Where random numbers come from: a seed, and a stream of it. */
export interface RandomSource {
  readonly seed: number;
  readonly stream: number;
}

/** The streams for the next layer's parameters: different for every layer, the same in every run of the program. */
export function nextSource(): RandomSource {
  context.layers += 1;
  return { seed: context.seed, stream: context.layers * streamsPerLayer };
}

/** How many parameters of one layer have streams of their own. */
const streamsPerLayer = 16;
