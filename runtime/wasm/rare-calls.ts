// Calls that are rarely needed, jumped over where no lane needs them.
import type { Call, Expr } from "#ir/expr.js";
import { rare } from "#ir/scalar.js";
import type { Code } from "./code.js";
import type { Value } from "./ssa.js";

const names: ReadonlySet<string> = new Set(rare);

/** Whether a select of `x` by some test is to be a branch. */
export const isRare = (x: Expr): x is Call => x.kind === "call" && names.has(x.fn);

const key = "unless rare";

/** `usual`, or `mended(usual)` where a lane of `mask` is set; `mended` computes what it needs. */
export function unlessRare(code: Code, mask: Value, usual: Value, mended: (usual: Value) => Value): Value {
  const result = code.variable("v128", key);
  code.assign(result, usual);
  code.branch(code.pure("v128.any_true", [mask]), new Set([key]), () => {
    code.assign(result, mended(code.get(result)));
  });
  return code.get(result);
}
