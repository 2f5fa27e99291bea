// An optimiser from a rule: what all of them share stands here, so a rule is its formula and nothing else.
import type { Parameter } from "../parameter.js";
import { type Slot, Slots } from "../parameter-state.js";
import { Tensor } from "../tensor.js";
import { mistake, requireKnown, requireRate, requireWithin } from "./check.js";
import { checkClip, type Clip, clipGradients } from "./clipping.js";
import { optimizerOf, type Optimizer, type StepArguments, type Updates } from "./optimizer.js";
import type { Rule } from "./rule.js";

/** Options that every optimiser has. They act in this order: clip, l2, the formula, weightDecay. */
export interface CommonOptions {
  /** Clips the gradients. */
  readonly clip?: Clip;
  /** λ ≥ 0 of `g ← g + λ·w`, the gradient of λ/2·‖w‖²; adaptive formulas scale it like any gradient. */
  readonly l2?: number;
  /** λ ≥ 0 of `w ← w − lr·λ·w` beside the step (Loshchilov and Hutter, 2019). */
  readonly weightDecay?: number;
  /** The parameters that l2 and weightDecay act on, such as `(p) => p.rank > 1`; all where nothing is said. */
  readonly decays?: (parameter: Parameter) => boolean;
}

const commonNames = ["clip", "l2", "weightDecay", "decays"];

/** Throws a GraphError where an optimiser is given options that are neither common nor among `own`. */
export function requireOptions(who: string, options: object, own: readonly string[]): void {
  requireKnown(who, options, [...own, ...commonNames]);
}

/**
 * The optimiser of a rule. Throws a GraphError where the rate or an option is out of range.
 */
export function defineOptimizer(rule: Rule, options: CommonOptions = {}): Optimizer {
  const { name, lr } = rule;
  const { clip, l2 = 0, weightDecay = 0, decays = () => true } = options;
  requireRate(name, lr);
  requireWithin(name, "l2", l2, 0, Infinity);
  requireWithin(name, "weightDecay", weightDecay, 0, Infinity);
  if (typeof decays !== "function") throw mistake(`${name}: decays is no function of a parameter`);
  if (clip) checkClip(name, clip);
  const kinds = rule.slots.map((slot): Slot => (typeof slot === "string" ? { name: slot } : slot));
  const slots = new Slots(name, [...kinds, { name: "step", shared: true }]);

  const step = ({ parameters, gradients, read }: StepArguments): Updates => {
    const next = new Map<Parameter, Tensor>();
    const clipped = clip ? clipGradients(gradients, clip) : gradients;
    let rate = typeof lr === "function" ? 0 : lr;
    let shared: readonly Tensor[] = [];
    if (rule.shared || typeof lr === "function") {
      const counter = slots.shared(parameters, "step");
      const count = read(counter);
      next.set(counter, count.add(1));
      if (typeof lr === "function") rate = scheduled(rule.name, lr(count));
      if (rule.shared) shared = rule.shared(count.add(1), rate);
    }
    parameters.forEach((p, i) => {
      const value = read(p);
      const own = kinds.map((kind) => slots.of(p, kind.name));
      const rateHere = typeof rate === "number" ? rate : inDTypeOf(rate, p);
      const after = rule.step({
        value,
        gradient: l2 > 0 && decays(p) ? clipped[i]!.add(value.mul(l2)) : clipped[i]!,
        rate: rateHere,
        slots: own.map(read),
        shared: shared.map((x) => inDTypeOf(x, p)),
      });
      const decayed = weightDecay > 0 && decays(p);
      next.set(p, decayed ? after.value.sub(value.mul(weightDecay).mul(rateHere)) : after.value);
      own.forEach((slot, k) => next.set(slot, after.slots[k]!));
    });
    return next;
  };
  return optimizerOf(name, slots, step);
}

function inDTypeOf(x: Tensor, p: Parameter): Tensor {
  return x.dtype === p.dtype ? x : x.cast(p.dtype);
}

/** What a schedule gave. Throws a GraphError where it is no rate: arithmetic of JavaScript makes NaN of the step. */
function scheduled(who: string, rate: Tensor | number): Tensor | number {
  if (rate instanceof Tensor || Number.isFinite(rate)) {
    requireRate(who, rate);
    return rate;
  }
  throw mistake(`${who}: the schedule gave ${String(rate)}, not a tensor; write it with ops: (t) => t.mul(0.1)`);
}
