// Which nodes compute element by element, read off their expressions, and what such a node is over other operands.
import type { Builder } from "#ir/builder.js";
import { GraphError } from "#ir/errors.js";
import type { Expr } from "#ir/expr.js";
import type { DType } from "#ir/dtype.js";
import type { Node, Value } from "#ir/node.js";
import type { AnyOp, Reader } from "#ir/op.js";
import { sameShape } from "#ir/size.js";
import { isConcrete } from "#ir/type.js";
import { elementOf } from "./element.js";

const known = new WeakMap<Node, boolean>();

/** Whether every element of the only result depends on the same element of each operand, and not on where it stands. */
export function isElementwise(node: Node): boolean {
  let answer = known.get(node);
  if (answer === undefined) known.set(node, (answer = analyse(node)));
  return answer;
}

function analyse(node: Node): boolean {
  const { op, operands, results } = node;
  const [result] = results;
  if (op.lower.kind !== "compute" || results.length !== 1 || operands.length === 0) return false;
  if (![...operands, result!].every((value) => isConcrete(value.type))) return false;
  if (!operands.every((value) => sameShape(value.type.shape, result!.type.shape))) return false;
  const { role, index, inner } = elementOf(node);
  // A view that changes nothing is one too, but `algebra` drops it, and it must not trade places with other views.
  if (role !== "map") return false;
  return readsOwnPlace(inner, index);
}

/** Whether an expression reads operands at exactly `index` and uses the index for nothing else. */
function readsOwnPlace(x: Expr, index: readonly Expr[], seen = new Set<Expr>()): boolean {
  if (seen.has(x)) return true;
  seen.add(x);
  switch (x.kind) {
    case "literal":
      return true;
    case "read":
      return x.index.every((i, axis) => i === index[axis]);
    case "call":
      return x.args.every((arg) => readsOwnPlace(arg, index, seen));
    default:
      return false;
  }
}

/** The elementwise node's op over other operands, of one shape; null where it does not take them so. */
export function overOperands(node: Node, operands: readonly Value[]): Value | null {
  const builder = node.results[0]!.owner as Builder;
  try {
    const [value] = builder.apply(node.op, operands, node.attrs);
    const fits = value!.type.dtype === node.results[0]!.type.dtype;
    return fits && sameShape(value!.type.shape, operands[0]!.type.shape) ? value! : null;
  } catch (error) {
    if (error instanceof GraphError) return null;
    throw error;
  }
}

const commutativeFns: ReadonlySet<string> = new Set(["add", "mul", "minimum", "maximum", "eq", "ne", "and", "or"]);
const commutes = new WeakMap<AnyOp, Map<DType, boolean>>();

/** Whether a node's op gives the same when its two operands change places, to the bit but for the payload of a NaN. */
export function isCommutative({ op, operands, attrs }: Node): boolean {
  if (operands.length !== 2 || op.lower.kind !== "compute") return false;
  const [{ dtype }, other] = [operands[0]!.type, operands[1]!.type];
  if (dtype !== other.dtype || (op.form !== "binary" && op.form !== "compare")) return false;
  const byDType = commutes.get(op) ?? new Map<DType, boolean>();
  commutes.set(op, byDType);
  let answer = byDType.get(dtype);
  if (answer === undefined) {
    const scalar = { dtype, shape: [] };
    const reader: Reader<never> = {
      attrs: attrs as never,
      operands: [scalar, scalar],
      results: [scalar],
      read: (operand, index) => ({ kind: "read", dtype, operand, index }),
      reduce: (_, __, body) => body({ kind: "literal", dtype: "i32", value: 0 }),
    };
    const e = op.lower.at([], reader, 0) as Expr;
    const bare = e.kind === "call" && commutativeFns.has(e.fn) && e.args.every((arg) => arg.kind === "read");
    byDType.set(dtype, (answer = bare));
  }
  return answer;
}
