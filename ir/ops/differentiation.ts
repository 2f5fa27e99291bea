// Ops that change nothing but how gradients flow: stopGradient, alias, customRule.
import { defineOp } from "../define-op.js";
import { edge, reject, unary } from "../elementwise.js";
import { GradientError, GraphError } from "../errors.js";
import { gradientRule } from "../gradient-rules.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";

export const stopGradient: Op<"unary"> = unary("stopGradient", {
  doc: "`y = x`, through which no gradient flows: that of `x` is zero.",
  accepts: "float",
  at: (x) => x,
  vjp: () => null,
  simplify: [{ name: "stopGradient x → x", apply: (_, [x]) => x! }],
  samples: [edge("f32", { x: [1, -2, NaN] }, [1, -2, NaN])],
  rejects: [reject([tensorType("i32", [2])], "DTypeError: stopGradient: x is i32, but stopGradient needs f32 or f64")],
});

type AliasAttrs = { ordinal: number };

export const alias: Op<"like", AliasAttrs, [x: Operand, ordinal: number]> = defineOp("alias", {
  doc: "`y = x`, told from `x` and its other aliases by the ordinal: functions are differentiated at an alias of their argument.",
  operands: ["x"],
  form: "like",
  call: (x, ordinal) => ({ operands: [x], attrs: { ordinal } }),
  infer: ([x], { ordinal }) => {
    if (!Number.isInteger(ordinal) || ordinal < 0) throw new GraphError(`${ordinal} is no ordinal`);
    return [x!];
  },
  lower: { kind: "compute", at: (index, k) => k.read(0, index) },
  vjp: ({ g }) => [g],
  batch: ({ operands: [x], attrs }) => [alias(x!, attrs.ordinal)],
  simplify: [{ name: "alias x → x", apply: (_, [x]) => x! }],
  samples: [byHand([t("f32", [2], [1, -2])], { ordinal: 0 }, t("f32", [2], [1, -2]))],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { ordinal: 0.5 },
      message: "GraphError: alias: 0.5 is no ordinal",
    },
  ],
});

type RuleAttrs = { rule: string; results: number };
type RuleArgs = [results: readonly Operand[], inputs: readonly Operand[], rule: string];

export const customRule: Op<"own", RuleAttrs, RuleArgs, readonly Operand[]> = defineOp("customRule", {
  doc: "The first `results` operands; their cotangents go to a rule of the user's, which gives those of the other operands: `y = x₁`.",
  operands: ["x…"],
  form: "own",
  many: true,
  call: (results, inputs, rule) => ({ operands: [...results, ...inputs], attrs: { rule, results: results.length } }),
  infer: (types, { results }) => {
    if (results >= 1 && results <= types.length) return types.slice(0, results);
    throw new GraphError(`${results} of ${types.length} operands cannot be results`);
  },
  lower: { kind: "compose", expand: (operands, { results }) => operands.slice(0, results) },
  vjp: ({ cotangents, results, operands, attrs }) => {
    const rule = gradientRule(attrs.rule);
    if (!rule) {
      throw new GradientError(`grad: the rule "${attrs.rule}" of a custom gradient is not known here`, {
        help: "customGradient with the same function and rule makes it known",
      });
    }
    const inputs = operands.slice(attrs.results);
    return [...results.map(() => null), ...rule({ cotangents, results, inputs })];
  },
  asksUser: () => true,
  samples: [
    {
      ...byHand([t("f32", [2], [1, 2]), t("f32", [], [3])], { rule: "none", results: 1 }, t("f32", [2], [1, 2])),
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { rule: "none", results: 2 },
      message: "GraphError: customRule: 2 of 1 operands cannot be results",
    },
  ],
});
