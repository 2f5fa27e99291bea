// One step of a recurrent layer, as functions for loops of one's own: `scan((h, x) => [nn.gruCell(x, h, weights)], …)`.
import { ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { printType } from "#ir/type.js";
import { ops } from "../ops.js";
import type { Tensor } from "../tensor.js";
import { type Activation, applyActivation } from "./activation.js";

/** What all cells compute with; of several gates, the matrices of all stand side by side. */
export interface CellWeights {
  /** `[inputs, gates · units]`. */
  readonly inputWeight: Tensor;
  /** `[units, gates · units]`. */
  readonly recurrentWeight: Tensor;
  /** `[gates · units]`; none where nothing is said. */
  readonly bias?: Tensor | null;
}

/** Gates i, f, c, o. */
export interface LstmWeights extends CellWeights {
  /** `[3, units]`: what gates i and f see of the state c before the step, and gate o of that after it. */
  readonly peephole?: Tensor | null;
}

/** Gates z, r, h. */
export interface GruWeights extends CellWeights {
  /** `[3 · units]`: added to `h · recurrentWeight`, where the reset comes after it. */
  readonly recurrentBias?: Tensor | null;
}

/** The state of an LSTM: what it gives, and what it remembers. */
export type LstmState = { readonly h: Tensor; readonly c: Tensor };

/** Whether the reset gate works on the state, or on its product with the recurrent weight. */
export type Reset = "before" | "after";

/** `h′ = activation(x · U + h · W + b)` of x `[…, inputs]` and h `[…, units]`; tanh where nothing is said. */
export function rnnCell(x: Tensor, h: Tensor, weights: CellWeights, activation: Activation = "tanh"): Tensor {
  const { inputWeight, recurrentWeight, bias } = weights;
  return applyActivation(activation, fromInput(x, inputWeight, bias).add(h.matmul(recurrentWeight)));
}

/**
 * The long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000): with a = x · U + h · W + b in four parts
 * i, f, c, o, `c′ = σ(f) · c + σ(i) · tanh(c)` and `h′ = σ(o) · tanh(c′)`.
 */
export function lstmCell(x: Tensor, state: LstmState, weights: LstmWeights): LstmState {
  const { inputWeight, recurrentWeight, bias, peephole } = weights;
  const [i, f, g, o] = gates(fromInput(x, inputWeight, bias).add(state.h.matmul(recurrentWeight)), 4);
  const [seenByI, seenByF, seenByO] = peephole ? ops.unstack(peephole, 0) : [];
  const see = (gate: Tensor, c: Tensor, weight: Tensor | undefined) => (weight ? gate.add(c.mul(weight)) : gate);
  const remembered = see(f, state.c, seenByF).sigmoid().mul(state.c);
  const c = remembered.add(see(i, state.c, seenByI).sigmoid().mul(g.tanh()));
  return { h: see(o, c, seenByO).sigmoid().mul(c.tanh()), c };
}

/**
 * The gated recurrent unit (Cho et al., 2014): `h′ = σ(z) · h + (1 − σ(z)) · tanh(n)`, where z and r are parts of
 * x · U + h · W + b, and n is x · U + r · (h · W + b′), or with the reset before x · U + (r · h) · W; after where nothing is said.
 */
export function gruCell(x: Tensor, h: Tensor, weights: GruWeights, reset: Reset = "after"): Tensor {
  const { inputWeight, recurrentWeight, bias, recurrentBias } = weights;
  const [xz, xr, xn] = gates(fromInput(x, inputWeight, bias), 3);
  if (reset === "after") {
    const [hz, hr, hn] = gates(fromInput(h, recurrentWeight, recurrentBias), 3);
    const z = xz.add(hz).sigmoid();
    const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
    return mixed(z, h, n);
  }
  if (recurrentBias) {
    throw atUserLine(() => new ShapeError("gruCell: with the reset before there is one bias, not a recurrent one"));
  }
  const units = widthOf(h);
  const [ofGates, ofNew] = ops.split(recurrentWeight, [2 * units, units], 1) as [Tensor, Tensor];
  const [hz, hr] = gates(h.matmul(ofGates), 2);
  const n = xn.add(xr.add(hr).sigmoid().mul(h).matmul(ofNew)).tanh();
  return mixed(xz.add(hz).sigmoid(), h, n);
}

/** `z · h + (1 − z) · n`. */
function mixed(z: Tensor, h: Tensor, n: Tensor): Tensor {
  return n.add(z.mul(h.sub(n)));
}

/** `x · W + b`. It depends on no state, so that a loop over a sequence computes it for all steps at once. */
function fromInput(x: Tensor, weight: Tensor, bias: Tensor | null | undefined): Tensor {
  const product = x.matmul(weight);
  return bias ? product.add(bias) : product;
}

/** The parts of all gates. */
function gates<const N extends 2 | 3 | 4>(x: Tensor, count: N) {
  return ops.split(x, count, -1) as unknown as N extends 2
    ? [Tensor, Tensor]
    : N extends 3
      ? [Tensor, Tensor, Tensor]
      : [Tensor, Tensor, Tensor, Tensor];
}

function widthOf(h: Tensor): number {
  const width = h.shape.at(-1);
  if (typeof width === "number") return width;
  throw atUserLine(() => new ShapeError(`gruCell: the state is ${printType(h.type)}, whose width must be a number`));
}
