// Schedules of the learning rate: functions of the number t of steps taken before, 0 at the first. They are computed inside
// the graph, from the counter of the optimiser, so a compiled step needs no feed and no recompilation.
import type { Tensor } from "../tensor.js";
import { mistake, requireCount, requireKnown, requirePositive, requireWithin } from "./check.js";
import type { Schedule } from "./rule.js";

/** `lr` at every step. */
export function constant(lr: number): Schedule {
  requireWithin("constant", "lr", lr, 0, Infinity);
  return (t) => numberLike(t, lr);
}

/** `lr · factor^⌊t / every⌋`: lower by a factor every so many steps; 0.1 where no factor is said. */
export function step(options: { readonly lr: number; readonly every: number; readonly factor?: number }): Schedule {
  requireKnown("step", options, ["lr", "every", "factor"]);
  const { lr, every, factor = 0.1 } = options;
  requireWithin("step", "lr", lr, 0, Infinity);
  requireCount("step", "every", every);
  requirePositive("step", "factor", factor);
  return (t) => power(factor, t.div(every).floor()).mul(lr);
}

/** `lr · factor^(t / every)`; every step where nothing is said. */
export function exponential(options: {
  readonly lr: number;
  readonly factor: number;
  readonly every?: number;
}): Schedule {
  requireKnown("exponential", options, ["lr", "factor", "every"]);
  const { lr, factor, every = 1 } = options;
  requireWithin("exponential", "lr", lr, 0, Infinity);
  requirePositive("exponential", "factor", factor);
  requirePositive("exponential", "every", every);
  return (t) => power(factor, t.div(every)).mul(lr);
}

/** From `lr` to `end` in `steps` steps along a straight line, and `end` from then on; to 0 where nothing is said. */
export function linear(options: { readonly lr: number; readonly steps: number; readonly end?: number }): Schedule {
  requireKnown("linear", options, ["lr", "steps", "end"]);
  const { lr, steps, end = 0 } = options;
  requireWithin("linear", "lr", lr, 0, Infinity);
  requireWithin("linear", "end", end, 0, Infinity);
  requireCount("linear", "steps", steps);
  return (t) => t.minimum(steps).mul((end - lr) / steps).add(lr); // prettier-ignore
}

/**
 * `end + (lr − end) · (1 + cos(π·t/steps))/2` for t up to `steps`, and `end` from then on; with `restarts`, from the
 * beginning again every `steps` steps (Loshchilov and Hutter, 2017).
 */
export function cosine(options: {
  readonly lr: number;
  readonly steps: number;
  readonly end?: number;
  readonly restarts?: boolean;
}): Schedule {
  requireKnown("cosine", options, ["lr", "steps", "end", "restarts"]);
  const { lr, steps, end = 0, restarts = false } = options;
  requireWithin("cosine", "lr", lr, 0, Infinity);
  requireWithin("cosine", "end", end, 0, Infinity);
  requireCount("cosine", "steps", steps);
  return (t) => halfCosine(lr, end, (restarts ? t.mod(steps) : t.minimum(steps)).div(steps));
}

/**
 * `then` after `steps` steps of warming up: `then(0) · (from + (1 − from)·(t + 1)/steps)`, and `then(t − steps)` from then
 * on. `from` is a fraction; 0 where nothing is said.
 */
export function warmUp(steps: number, then: number | Schedule, from = 0): Schedule {
  requireCount("warmUp", "steps", steps);
  requireWithin("warmUp", "from", from, 0, 1);
  const later = typeof then === "number" ? constant(then) : then;
  const slope = (1 - from) / steps;
  return (t) => later(t.sub(steps).maximum(0)).mul(t.mul(slope).add(from + slope).minimum(1)); // prettier-ignore
}

/**
 * Up from `start` to `lr` and down to `end`, both along half a cosine, in `steps` steps, of which the fraction `up` goes up
 * (Smith and Topin, 2018; as in PyTorch). 0.3, lr/25 and start/10⁴ where nothing is said. Throws a GraphError where no
 * step is left to go up.
 */
export function oneCycle(options: {
  readonly lr: number;
  readonly steps: number;
  readonly up?: number;
  readonly start?: number;
  readonly end?: number;
}): Schedule {
  requireKnown("oneCycle", options, ["lr", "steps", "up", "start", "end"]);
  const { lr, steps, up = 0.3 } = options;
  const { start = lr / 25, end = start / 1e4 } = options;
  for (const [name, x] of Object.entries({ lr, start, end })) requireWithin("oneCycle", name, x, 0, Infinity);
  requireCount("oneCycle", "steps", steps);
  requireWithin("oneCycle", "up", up, 0, 1);
  const [top, last] = [up * steps - 1, steps - 1];
  if (top <= 0) throw mistake(`oneCycle: a fraction of ${up} of ${steps} steps leaves no step to go up`);
  return (t) => {
    const rising = halfCosine(start, lr, t.minimum(top).div(top));
    const falling = halfCosine(lr, end, t.sub(top).div(last - top).clip(0, 1)); // prettier-ignore
    return t.lessEqual(top).where(rising, falling);
  };
}

/**
 * Rates by the steps from which they hold: `[[0, 0.1], [1000, 0.01]]`. Throws a GraphError where the first does not hold
 * from 0 or the steps do not ascend.
 */
export function piecewise(pieces: readonly (readonly [from: number, lr: number])[]): Schedule {
  if (pieces[0]?.[0] !== 0) throw mistake("piecewise: the first rate must hold from step 0");
  pieces.forEach(([from, lr], i) => {
    requireWithin("piecewise", "lr", lr, 0, Infinity);
    if (i === 0) return;
    requireCount("piecewise", "from", from);
    const before = pieces[i - 1]![0];
    if (from <= before) throw mistake(`piecewise: step ${from} does not come after step ${before}`);
  });
  const [[, first], ...rest] = pieces as [readonly [number, number], ...(readonly [number, number])[]];
  return (t) => rest.reduce((rate, [from, lr]) => t.less(from).where(rate, lr), numberLike(t, first));
}

/** From `from` at x = 0 to `to` at x = 1, level at both. */
function halfCosine(from: number, to: number, x: Tensor): Tensor {
  return x.mul(Math.PI).cos().add(1).mul((from - to) / 2).add(to); // prettier-ignore
}

function power(base: number, exponent: Tensor): Tensor {
  return exponent.mul(Math.log(base)).exp();
}

// A constant in the dtype of t and beside it, in a graph or eager.
function numberLike(t: Tensor, value: number): Tensor {
  return t.clip(value, value);
}
