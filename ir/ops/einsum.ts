// Sums of products written as equations: einsum, and the contraction of two that it is made of.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { readEquation } from "../einsum/equation.js";
import { expandEinsum } from "../einsum/expand.js";
import { GraphError } from "../errors.js";
import type { Expr } from "../expr.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType, type TensorType } from "../type.js";

type EquationAttrs = { equation: string };

export const einsum: Op<"own", EquationAttrs, [equation: string, ...xs: Operand[]]> = defineOp("einsum", {
  doc: "A sum of products by the labels of axes, as NumPy's einsum: `ij,jk->ik` is a matrix product, `y[i, k] = Σⱼ a[i, j] · b[j, k]`. A label twice in one operand takes its diagonal, `...` stands for axes that broadcast, and where the result is not written it has the labels that occur once. Many operands are multiplied two at a time, in the order that costs least.",
  operands: ["x…"],
  form: "own",
  call: (equation, ...xs) => {
    if (typeof equation !== "string") throw new GraphError("the first argument is an equation such as ij,jk->ik");
    return { operands: xs, attrs: { equation: equation.replaceAll(" ", "") } };
  },
  infer: (xs, { equation }) => [resultType("einsum", equation, xs)],
  lower: { kind: "compose", expand: (xs, { equation }) => [expandEinsum(equation, xs)] },
  onnx: { type: "Einsum", attrs: { equation: "equation" } },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("f32", [3, 2], [7, 8, 9, 10, 11, 12])],
      { equation: "ij,jk->ik" },
      t("f32", [2, 2], [58, 64, 139, 154]),
    ),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { equation: "ij->ji" }, t("f32", [3, 2], [1, 4, 2, 5, 3, 6])),
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], { equation: "ii" }, t("f32", [], [5])),
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], { equation: "ii->i" }, t("f32", [2], [1, 4])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { equation: "...j->..." }, t("f32", [2], [6, 15])),
    byHand(
      [t("f32", [2, 1, 2], [1, 2, 3, 4]), t("f32", [2, 2], [1, 0, 1, 1])],
      { equation: "...ij,jk" },
      t("f32", [2, 1, 2], [3, 2, 7, 4]),
    ),
    byHand(
      [t("f32", [1, 2], [1, 2]), t("f32", [3, 1, 2], [1, 1, 2, 0, 0, 3])],
      { equation: "...i,...i->..." },
      t("f32", [3, 1], [3, 2, 6]),
    ),
    byHand(
      [t("f32", [2], [1, 2]), t("f32", [2, 2], [1, 2, 3, 4]), t("f32", [2], [5, 6])],
      { equation: "i,ij,j->" },
      t("f32", [], [95]),
    ),
    byHand(
      [t("i32", [2], [1, 2]), t("i32", [3], [3, 4, 5])],
      { equation: "i,j->ji" },
      t("i32", [3, 2], [3, 6, 4, 8, 5, 10]),
    ),
    byHand(
      [t("f32", [2, 1, 2], [1, 2, 3, 4]), t("f32", [2, 2, 1], [5, 6, 7, 8])],
      { equation: "bij,bjk->ikb" },
      t("f32", [1, 1, 2], [17, 53]),
    ),
    byHand([t("f32", [2, 0], []), t("f32", [0], [])], { equation: "ij,j" }, t("f32", [2], [0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [4, 5])],
      attrs: { equation: "ij,jk->ik" },
      message: "ShapeError: einsum: label j has size 3 in operand 1 but 4 in operand 2",
    },
    {
      operands: [tensorType("f32", [2, 3, 4]), tensorType("f32", [3, 3, 4])],
      attrs: { equation: "...i,...i->..." },
      message: "ShapeError: einsum: an axis under the ellipsis has size 2 in operand 1 but 3 in operand 2",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { equation: "ijk->i" },
      message: 'ShapeError: einsum: operand 1 has shape [2,3], which "ijk" does not label',
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { equation: "ij,jk->ik" },
      message: 'GraphError: einsum: "ij,jk->ik" has 2 operands, but 1 are given',
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { equation: "ij->ik" },
      message: "GraphError: einsum: the result has the label k, which no operand has",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { equation: "ij->ii" },
      message: "GraphError: einsum: the result has the label i twice",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { equation: "i1" },
      message: 'GraphError: einsum: "1" in "i1" is no label: labels are letters',
    },
    {
      operands: [tensorType("f32", [2]), tensorType("i32", [2])],
      attrs: { equation: "i,i" },
      message: "DTypeError: einsum: x1 is f32 but x2 is i32",
    },
    {
      operands: [tensorType("bool", [2])],
      attrs: { equation: "i" },
      message: "DTypeError: einsum: x1 is bool, but einsum needs f32, f64, i32 or u8",
    },
  ],
});

export const contract: Op<"own", EquationAttrs, [lhs: Operand, rhs: Operand, equation: string]> = defineOp("contract", {
  doc: "The contraction of two tensors by the labels of their axes, what `einsum` is made of: every label belongs to two of lhs, rhs and result, so that the gradients are contractions again. `bij,bjk->bik` is a batched matrix product.",
  operands: ["lhs", "rhs"],
  form: "own",
  call: (lhs, rhs, equation) => ({ operands: [lhs, rhs], attrs: { equation } }),
  infer: ([lhs, rhs], { equation }) => {
    const type = resultType("contract", equation, [lhs!, rhs!]);
    for (const label of new Set(equation.replace(/->|,/g, ""))) {
      const places = partsOf(equation).map((part) => part.split(label).length - 1);
      if (places.some((n) => n > 1) || places.filter((n) => n === 1).length < 2) {
        throw new GraphError(`label ${label} of "${equation}" does not belong to two of lhs, rhs and result`);
      }
    }
    return [type];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const [a, b, result] = partsOf(k.attrs.equation);
      const place = new Map([...result].map((label, axis) => [label, index[axis]!]));
      const summed = [...a].filter((label) => !result.includes(label));
      const over = (n: number): Expr => {
        const label = summed[n];
        if (label !== undefined) {
          return k.reduce("sum", k.operands[0]!.shape[a.indexOf(label)]!, (i) => {
            place.set(label, i);
            return over(n + 1);
          });
        }
        const at = (labels: string) => [...labels].map((l) => place.get(l)!);
        return e.mul(k.read(0, at(a)), k.read(1, at(b)));
      };
      return over(0);
    },
  },
  vjp: ({ g, operands: [lhs, rhs], attrs: { equation } }) => {
    const [a, b, result] = partsOf(equation);
    return [contract(g, rhs!, `${result},${b}->${a}`), contract(lhs!, g, `${a},${result}->${b}`)];
  },
  onnx: { type: "Einsum", attrs: { equation: "equation" } },
  samples: [
    byHand(
      [t("f32", [2, 1, 2], [1, 2, 3, 4]), t("f32", [2, 2, 1], [5, 6, 7, 8])],
      { equation: "bij,bjk->bik" },
      t("f32", [2, 1, 1], [17, 53]),
    ),
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4]), t("f32", [3, 2], [1, 0, 0, 1, 1, 1])],
      { equation: "ij,kj->ki" },
      t("f32", [3, 2], [1, 3, 2, 4, 3, 7]),
    ),
    byHand([t("i32", [2], [2, 3]), t("i32", [2], [4, 5])], { equation: "a,a->a" }, t("i32", [2], [8, 15])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [3, 4])],
      attrs: { equation: "ij,jk->i" },
      message: 'GraphError: contract: label k of "ij,jk->i" does not belong to two of lhs, rhs and result',
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [4])],
      attrs: { equation: "ij,j->i" },
      message: "ShapeError: contract: label j has size 3 in operand 1 but 4 in operand 2",
    },
  ],
});

function resultType(op: string, equation: string, xs: readonly TensorType[]): TensorType {
  const { result, sizes } = readEquation(equation, xs);
  xs.forEach((x, i) => expectSameDType("x1", xs[0]!, `x${i + 1}`, x));
  expectDType(op, "x1", xs[0]!, "number");
  return tensorType(
    xs[0]!.dtype,
    result.map((label) => sizes.get(label)!),
  );
}

/** The labels of lhs, rhs and result. */
function partsOf(equation: string): readonly [string, string, string] {
  return equation.split(/->|,/) as [string, string, string];
}
