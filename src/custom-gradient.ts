// customGradient: functions that bring their own gradient rule.
import { GradientError, GraphError } from "#ir/errors.js";
import { constantLike, gather } from "#ir/forms.js";
import { nameRule, type GradientRule } from "#ir/gradient-rules.js";
import type { Operand } from "#ir/node.js";
import { customRule } from "#ir/ops/differentiation.js";
import { atUserLine } from "#ir/origin.js";
import { printType, sameType } from "#ir/type.js";
import { Tensor } from "./tensor.js";
import { operandsOf, type Reshaped } from "./tensor-trees.js";

/** What a rule gets: the cotangents of the results (zeros where none flows), the inputs and the results of the function. */
export interface RuleArguments<X extends readonly Tensor[], R extends Tensor | readonly Tensor[]> {
  readonly g: Reshaped<R>;
  readonly inputs: X;
  readonly result: R;
}

/** The cotangents of the inputs, of their types; null for none. Of a single input it may stand alone. */
export type Cotangents = Tensor | null | readonly (Tensor | null)[];

/**
 * `fn`, whose gradient is what `rule` says instead of what its ops say. The rule is written with ops, so it differentiates
 * again, and must be linear in `g`. No gradient flows to what `fn` uses besides its inputs. In the text of a graph it has a
 * name made of the two functions; a graph read elsewhere knows the rule once the same call has been made there.
 * Throws GradientErrors, when gradients are taken, where the rule gives other types than those of the inputs.
 */
export function customGradient<X extends readonly Tensor[], R extends Tensor | readonly Tensor[]>(
  fn: (...xs: X) => R,
  rule: (at: RuleArguments<X, R>) => Cotangents,
): (...xs: X) => R {
  const label = fn.name || "fn";
  let single = true;
  const name = nameRule(`${label}:${fingerprint(`${String(fn)}\n${String(rule)}`)}`, (at) =>
    cotangentsBy(rule as (at: never) => Cotangents, label, single, at),
  );
  return (...xs) => {
    const made = fn(...xs);
    single = made instanceof Tensor;
    const ys: readonly Tensor[] = made instanceof Tensor ? [made] : made;
    const results = atUserLine(() => {
      if (![...ys, ...xs].every((x) => x instanceof Tensor)) throw new GraphError(`${label} takes and gives tensors`);
      const operands = operandsOf([...ys, ...xs]);
      return customRule(operands.slice(0, ys.length), operands.slice(ys.length), name);
    }, "customGradient");
    const wrapped = results.map((y) => new Tensor(y));
    return (single ? wrapped[0] : wrapped) as R;
  };
}

/** Asks the user's rule, and sees that it gives what it should. */
function cotangentsBy(
  rule: (at: never) => Cotangents,
  label: string,
  single: boolean,
  { cotangents, results, inputs }: Parameters<GradientRule>[0],
): readonly (Operand | null)[] {
  const tensors = (all: readonly Operand[]) => all.map((x) => new Tensor(x));
  const given = tensors(cotangents.map((g, i) => g ?? constantLike(results[i]!, 0)));
  const made = tensors(results);
  const at = { g: single ? given[0] : given, inputs: tensors(inputs), result: single ? made[0] : made };
  const answer = rule(at as never);
  const flowing = answer instanceof Tensor || answer === null ? [answer] : answer;
  if (flowing.length !== inputs.length) {
    throw new GradientError(`grad: the rule of ${label} gives ${flowing.length} cotangents, not ${inputs.length}`);
  }
  return flowing.map((x, i) => {
    if (x === null) return null;
    const [is, should] = [x instanceof Tensor && x.type, inputs[i]!.type];
    if (is && sameType(is, should)) return onlyOperand(x, [...inputs, ...results]);
    const found = is ? printType(is) : String(x);
    throw new GradientError(
      `grad: the rule of ${label} gives ${found} for input ${i + 1}, which is ${printType(should)}`,
    );
  });
}

/** The operand of a tensor, in the owner where it meets the others. */
function onlyOperand(x: Tensor, others: readonly Operand[]): Operand {
  const handle = others.some(({ owner }) => owner.mode === "graph") ? x.symbolicHandle : x.handle;
  return gather([handle, ...others])[0]!;
}

/** A short text that differs where texts differ (FNV-1a, 32 bits). */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
