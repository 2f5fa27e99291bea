// What normalisations share: mean and variance over some axes, the standardised elements, and the way back.
import { broadcastTo } from "./forms.js";
import type { Operand } from "./node.js";
import { add, div, mul, sub } from "./ops/arithmetic.js";
import { constant, size } from "./ops/leaves.js";
import { maximum } from "./ops/magnitude.js";
import { rsqrt } from "./ops/powers.js";
import { sum } from "./ops/reductions.js";
import { mulSizes } from "./size.js";

/** `x` with mean 0 and variance 1 over some axes, and what it took. All but `normal` and `centred` have size 1 there. */
export interface Standardized {
  readonly mean: Operand;
  /** Biased: the mean of the squares of `centred`. */
  readonly variance: Operand;
  /** `x − μ`. */
  readonly centred: Operand;
  /** `1 / √(σ² + ε)`. */
  readonly reciprocal: Operand;
  /** `(x − μ) / √(σ² + ε)`. */
  readonly normal: Operand;
}

/**
 * Standardises in two passes, the second of which also corrects what rounding left of the mean: with differences d to the
 * rounded mean, `μ += Σd/n` and `σ² = (Σd² − (Σd)²/n) / n` (Chan, Golub and LeVeque, 1983). A mean much larger than the
 * deviation costs no digits.
 */
export function standardized(x: Operand, axes: readonly number[], epsilon: number): Standardized {
  const rough = averaged(x, axes);
  const difference = sub(x, rough);
  const rest = averaged(difference, axes);
  const variance = maximum(sub(averaged(mul(difference, difference), axes), mul(rest, rest)), 0);
  const reciprocal = rsqrt(add(variance, epsilon));
  const centred = sub(difference, rest);
  return { mean: add(rough, rest), variance, centred, reciprocal, normal: mul(centred, reciprocal) };
}

/** The mean over axes, which stay with size 1. */
export function averaged(x: Operand, axes: readonly number[]): Operand {
  return shared(sum(x, axes, { keepDims: true }), x, axes);
}

/** A total over `axes` of `x` divided by the number of its terms. */
export function shared(total: Operand, x: Operand, axes: readonly number[]): Operand {
  const { shape, dtype } = x.type;
  const n = mulSizes(...axes.map((axis) => shape[axis]!));
  const share = typeof n === "number" ? constant(x, 1 / n, dtype) : div(1, size(x, n, dtype));
  return mul(total, broadcastTo(share, total.type.shape));
}

/**
 * The cotangent of `x` from `h`, that of `normal`: `(h − mean h − normal · mean(h · normal)) / √(σ² + ε)`. What is
 * constant over `axes` in `h` may be given as `scale` instead, so that both means are those of `h` alone.
 */
export function standardizedPullback(
  h: Operand,
  { normal, reciprocal }: Standardized,
  axes: readonly number[],
  scale?: Operand,
): Operand {
  const constantPart = averaged(h, axes);
  const alongNormal = mul(normal, averaged(mul(h, normal), axes));
  const direction = sub(sub(h, constantPart), alongNormal);
  return mul(direction, scale ? mul(reciprocal, scale) : reciprocal);
}
