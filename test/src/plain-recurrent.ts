// Recurrent layers in plain double precision, one example at a time, written from their formulas.

type Vector = readonly number[];
/** Rows of numbers. */
export type Matrix = readonly Vector[];

/** Numbers of a layer's parameters by name; what is not there is not added. */
export interface PlainWeights {
  readonly inputWeight: Matrix;
  readonly recurrentWeight: Matrix;
  readonly bias?: Vector;
  readonly recurrentBias?: Vector;
  readonly peephole?: Matrix;
}

/** From an element, the state (h, and c where there is one) and weights to the next state. */
export type PlainStep = (x: Vector, state: Matrix, weights: PlainWeights) => Matrix;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const times = (x: Vector, w: Matrix): Vector => w[0]!.map((_, j) => x.reduce((sum, v, i) => sum + v * w[i]![j]!, 0));
const plus = (a: Vector, b: Vector | undefined): Vector => a.map((v, i) => v + (b?.[i] ?? 0));
/** Part `k` of a vector of gates. */
const part = (a: Vector, k: number, units: number): Vector => a.slice(k * units, (k + 1) * units);

/** The plain layer with an activation. */
export const plainRnn =
  (activation: (x: number) => number): PlainStep =>
  (x, [h], { inputWeight, recurrentWeight, bias }) => [
    plus(plus(times(x, inputWeight), times(h!, recurrentWeight)), bias).map(activation),
  ];

/** The LSTM, with peepholes where there are weights for them. */
export const plainLstm: PlainStep = (x, [h, c], { inputWeight, recurrentWeight, bias, peephole }) => {
  const units = h!.length;
  const a = plus(plus(times(x, inputWeight), times(h!, recurrentWeight)), bias);
  const seen = (k: number, of: Vector) => of.map((v, j) => v * (peephole?.[k]?.[j] ?? 0));
  const i = plus(part(a, 0, units), seen(0, c!)).map(sigmoid);
  const f = plus(part(a, 1, units), seen(1, c!)).map(sigmoid);
  const g = part(a, 2, units).map(Math.tanh);
  const next = c!.map((v, j) => f[j]! * v + i[j]! * g[j]!);
  const o = plus(part(a, 3, units), seen(2, next)).map(sigmoid);
  return [next.map((v, j) => o[j]! * Math.tanh(v)), next];
};

/** The GRU, whose reset gate works before or after the product. */
export const plainGru =
  (reset: "before" | "after"): PlainStep =>
  (x, [h], { inputWeight, recurrentWeight, bias, recurrentBias }) => {
    const units = h!.length;
    const fromX = plus(times(x, inputWeight), bias);
    const fromH = plus(times(h!, recurrentWeight), recurrentBias);
    const [z, r] = [0, 1].map((k) => plus(part(fromX, k, units), part(fromH, k, units)).map(sigmoid));
    const ofNew = recurrentWeight.map((row) => row.slice(2 * units));
    const kept =
      reset === "after"
        ? part(fromH, 2, units).map((v, j) => r![j]! * v)
        : times(
            h!.map((v, j) => r![j]! * v),
            ofNew,
          );
    const n = plus(part(fromX, 2, units), kept).map(Math.tanh);
    return [h!.map((v, j) => z![j]! * v + (1 - z![j]!) * n[j]!)];
  };

/** The outputs along a sequence, 0 beyond `length`, and the last state. */
export function plainly(
  step: PlainStep,
  xs: Matrix,
  init: Matrix,
  weights: PlainWeights,
  { reverse = false, length = xs.length } = {},
): { readonly outputs: Matrix; readonly state: Matrix } {
  const outputs: Vector[] = xs.map(() => init[0]!.map(() => 0));
  let state = init;
  for (let k = 0; k < length; k++) {
    const t = reverse ? length - 1 - k : k;
    state = step(xs[t]!, state, weights);
    outputs[t] = state[0]!;
  }
  return { outputs, state };
}
