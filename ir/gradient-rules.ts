// Gradient rules that users write. They are functions, which attributes cannot be: a node names its rule.
import type { Operand } from "./node.js";

/** The cotangents of the inputs, one each, null where none flows, given those of the results. */
export type GradientRule = (at: {
  readonly cotangents: readonly (Operand | null)[];
  readonly results: readonly Operand[];
  readonly inputs: readonly Operand[];
}) => readonly (Operand | null)[];

const rules = new Map<string, GradientRule>();

/** The rule under a name, undefined where there is none. */
export function gradientRule(name: string): GradientRule | undefined {
  return rules.get(name);
}

/** Puts a rule under a name that starts with `stem`, and gives the name: the same one where programs do the same. */
export function nameRule(stem: string, rule: GradientRule): string {
  let name = stem;
  for (let n = 2; rules.has(name); n++) name = `${stem}:${n}`;
  rules.set(name, rule);
  return name;
}
