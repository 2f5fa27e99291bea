// Products of two vectors: dot and outer.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { ShapeError } from "../errors.js";
import { expectInner, isVector } from "../matrix.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType, type TensorType } from "../type.js";
import { mul } from "./arithmetic.js";
import { broadcast } from "./movement.js";
import { sum } from "./reductions.js";

type NoAttrs = Record<never, never>;

export const dot: Op<"own", NoAttrs, [lhs: Operand, rhs: Operand]> = defineOp("dot", {
  doc: "The inner product of two vectors: `y = Σᵢ lhs[i] · rhs[i]`.",
  operands: ["lhs", "rhs"],
  form: "own",
  call: (lhs, rhs) => ({ operands: [lhs, rhs], attrs: {} }),
  infer: ([lhs, rhs]) => {
    expectVectors(lhs!, rhs!);
    expectInner(lhs!, rhs!);
    return [tensorType(lhs!.dtype, [])];
  },
  lower: { kind: "compose", expand: ([lhs, rhs]) => [sum(mul(lhs!, rhs!))] },
  samples: [byHand([t("f32", [3], [1, 2, 3]), t("f32", [3], [4, 5, 6])], {}, t("f32", [], [32]))],
  rejects: [
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [4])],
      attrs: {},
      message: "ShapeError: dot: lhs has 3 elements but rhs has 4 elements",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: dot: lhs has rank 2 and is not a vector",
    },
  ],
});

export const outer: Op<"own", NoAttrs, [lhs: Operand, rhs: Operand]> = defineOp("outer", {
  doc: "Every product of an element of one vector and one of another: `y[i, j] = lhs[i] · rhs[j]`.",
  operands: ["lhs", "rhs"],
  form: "own",
  call: (lhs, rhs) => ({ operands: [lhs, rhs], attrs: {} }),
  infer: ([lhs, rhs]) => {
    expectVectors(lhs!, rhs!);
    return [tensorType(lhs!.dtype, [...lhs!.shape, ...rhs!.shape])];
  },
  lower: {
    kind: "compose",
    expand: ([lhs, rhs]) => {
      const shape = [...lhs!.type.shape, ...rhs!.type.shape];
      return [mul(broadcast(lhs!, shape, [0]), broadcast(rhs!, shape, [1]))];
    },
  },
  samples: [byHand([t("f32", [2], [1, 2]), t("f32", [3], [3, 4, 5])], {}, t("f32", [2, 3], [3, 4, 5, 6, 8, 10]))],
  rejects: [
    {
      operands: [tensorType("f32", [2]), tensorType("f32", [3, 1])],
      attrs: {},
      message: "ShapeError: outer: rhs has rank 2 and is not a vector",
    },
    {
      operands: [tensorType("f32", [2]), tensorType("f64", [3])],
      attrs: {},
      message: "DTypeError: outer: lhs is f32 but rhs is f64",
    },
  ],
});

/** Throws DTypeError or ShapeError unless both are vectors of one numeric dtype. */
function expectVectors(lhs: TensorType, rhs: TensorType): void {
  expectSameDType("lhs", lhs, "rhs", rhs);
  expectDType("a product", "lhs", lhs, "number");
  for (const [name, x] of [
    ["lhs", lhs],
    ["rhs", rhs],
  ] as const) {
    if (!isVector(x)) throw new ShapeError(`${name} has rank ${x.shape.length} and is not a vector`);
  }
}
