// Names and seeds for layers that are given none: counted, so that the same program makes the same model every time.

interface Context {
  readonly seed: number;
  readonly counts: Map<string, number>;
  /** The names of the layers that are being made, as `block1/`; empty outside of any. */
  readonly path: string;
  /** Shared by the contexts of one model. */
  readonly layers: { count: number };
}

let context: Context = { seed: 0, counts: new Map(), path: "", layers: { count: 0 } };

/** Runs `build` with fresh counts: the layers it makes have the names and seeds they would have in a program of their own. */
export function freshContext<T>(seed: number, build: () => T): T {
  return within({ seed, counts: new Map(), path: "", layers: { count: 0 } }, build);
}

/** Layers made from now on take their initial values from another seed; names go on. */
export function reseed(seed: number): void {
  context = { ...context, seed, layers: { count: 0 } };
}

/** Makes the children of the layer `name`: theirs are names below it, `block1/dense1`, counted from 1. */
export function inside<T>(name: string, build: () => T): T {
  return within({ ...context, counts: new Map(), path: `${name}/` }, build);
}

function within<T>(inner: Context, build: () => T): T {
  const before = context;
  context = inner;
  try {
    return build();
  } finally {
    context = before;
  }
}

/** The name of a new layer: `given` where it is, or else `dense1`, `dense2`, …; below the layer that is being made. */
export function nextName(kind: string, given?: string): string {
  if (given !== undefined) return context.path + given;
  const count = (context.counts.get(kind) ?? 0) + 1;
  context.counts.set(kind, count);
  return `${context.path}${kind}${count}`;
}

/** Where random numbers come from: a seed, and a stream of it. */
export interface RandomSource {
  readonly seed: number;
  readonly stream: number;
}

/** The streams for the next layer's parameters: different for every layer, the same in every run of the program. */
export function nextSource(): RandomSource {
  context.layers.count += 1;
  return { seed: context.seed, stream: context.layers.count * streamsPerLayer };
}

/** How many parameters of one layer have streams of their own. */
const streamsPerLayer = 16;
