// Sums over products: matmul. Its inner and outer products of vectors are in vectors.ts.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { broadcastShape, broadcastTo } from "../forms.js";
import { batchOf, expectInner, flip, isVector, sideBySide, stacked } from "../matrix.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { printShape, sameShape } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { reshape } from "./movement.js";

type NoAttrs = Record<never, never>;

/**
 * In the IR an operand is a vector `[k]`, a matrix, or a batch of matrices; where both are batches, the batch axes are
 * equal. A vector on the left is a row, on the right a column, and its axis is not in the result.
 */
export const matmul: Op<"own", NoAttrs, [lhs: Operand, rhs: Operand]> = defineOp("matmul", {
  doc: "The product of matrices, or of batches of them, or with vectors, as in NumPy: `y[…, i, j] = Σₖ lhs[…, i, k] · rhs[…, k, j]`.",
  operands: ["lhs", "rhs"],
  form: "own",
  call: (lhs, rhs) => {
    expectInner(lhs.type, rhs.type);
    const [left, right] = [batchOf(lhs.type), batchOf(rhs.type)];
    if (left.length === 0 || right.length === 0) return { operands: [lhs, rhs], attrs: {} };
    const batch = broadcastShape([left, right]);
    const over = (x: Operand) => broadcastTo(x, [...batch, ...x.type.shape.slice(-2)]);
    return { operands: [over(lhs), over(rhs)], attrs: {} };
  },
  infer: ([lhs, rhs]) => {
    expectSameDType("lhs", lhs!, "rhs", rhs!);
    expectDType("matmul", "lhs", lhs!, "number");
    expectInner(lhs!, rhs!);
    const [left, right] = [batchOf(lhs!), batchOf(rhs!)];
    if (left.length > 0 && right.length > 0 && !sameShape(left, right)) {
      throw new ShapeError(`lhs has the batch axes ${printShape(left)} but rhs has ${printShape(right)}`);
    }
    const rows = isVector(lhs!) ? [] : lhs!.shape.slice(-2, -1);
    const columns = isVector(rhs!) ? [] : rhs!.shape.slice(-1);
    return [tensorType(lhs!.dtype, [...(left.length > 0 ? left : right), ...rows, ...columns])];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const [lhs, rhs] = [k.operands[0]!, k.operands[1]!];
      const columns = isVector(rhs) ? [] : index.slice(-1);
      const outer = index.slice(0, index.length - columns.length);
      const rows = isVector(lhs) ? [] : outer.slice(-1);
      const batch = outer.slice(0, outer.length - rows.length);
      const place = (x: TensorType, inner: readonly e.Expr[]) => (x.shape.length > 2 ? [...batch, ...inner] : inner);
      return k.reduce("sum", lhs.shape.at(-1)!, (i) =>
        e.mul(k.read(0, place(lhs, [...rows, i])), k.read(1, place(rhs, [i, ...columns]))),
      );
    },
  },
  vjp: ({ g, operands: [lhs, rhs] }) => {
    const a = isVector(lhs!.type) ? reshape(lhs!, [1, ...lhs!.type.shape]) : lhs!;
    const b = isVector(rhs!.type) ? reshape(rhs!, [...rhs!.type.shape, 1]) : rhs!;
    const [left, right] = [batchOf(a.type), batchOf(b.type)];
    const batch = left.length > 0 ? left : right;
    const y = reshape(g, [...batch, a.type.shape.at(-2)!, b.type.shape.at(-1)!]);
    const da = left.length === batch.length ? matmul(y, flip(b)) : matmul(sideBySide(y), stacked(flip(b)));
    const db = right.length === batch.length ? matmul(flip(a), y) : matmul(flip(stacked(a)), stacked(y));
    return [reshape(da, lhs!.type.shape), reshape(db, rhs!.type.shape)];
  },
  batch: ({ operands, mapped }) => ordinaryProduct(operands as readonly [Operand, Operand], mapped),
  onnx: { type: "MatMul" },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("f32", [3, 2], [7, 8, 9, 10, 11, 12])],
      {},
      t("f32", [2, 2], [58, 64, 139, 154]),
    ),
    byHand([t("f32", [2, 1, 2], [1, 2, 3, 4]), t("f32", [2, 2, 1], [5, 6, 7, 8])], {}, t("f32", [2, 1, 1], [17, 53])),
    byHand(
      [t("f32", [2, 1, 2], [1, 2, 3, 4]), t("f32", [2, 3], [1, 0, 2, 0, 1, 3])],
      {},
      t("f32", [2, 1, 3], [1, 2, 8, 3, 4, 18]),
    ),
    byHand(
      [t("f32", [1, 2], [1, 10]), t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      {},
      t("f32", [2, 1, 2], [31, 42, 75, 86]),
    ),
    byHand([t("i32", [2], [2, 3]), t("i32", [2, 2], [1, 2, 3, 4])], {}, t("i32", [2], [11, 16])),
    byHand(
      [t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [2], [1, -1])],
      {},
      t("f32", [2, 2], [-1, -1, -1, -1]),
    ),
    byHand([t("f32", [2], [1, 2]), t("f32", [2], [3, 4])], {}, t("f32", [], [11])),
    byHand([t("f32", [1, 0], []), t("f32", [0, 2], [])], {}, t("f32", [1, 2], [0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [32, 784]), tensorType("f32", [10, 784])],
      attrs: {},
      message: "ShapeError: matmul: lhs has 784 columns but rhs has 10 rows",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [4, 2])],
      attrs: {},
      message: "ShapeError: matmul: lhs has 3 elements but rhs has 4 rows",
    },
    {
      operands: [tensorType("f32", [2, 3, 4]), tensorType("f32", [5, 4, 3])],
      attrs: {},
      message: "ShapeError: matmul: lhs has the batch axes [2] but rhs has [5]",
    },
    {
      operands: [tensorType("f32", []), tensorType("f32", [2, 2])],
      attrs: {},
      message: "ShapeError: matmul: lhs is a scalar: use mul",
    },
    {
      operands: [tensorType("f32", [2, 2]), tensorType("i32", [2, 2])],
      attrs: {},
      message: "DTypeError: matmul: lhs is f32 but rhs is i32",
    },
    {
      operands: [tensorType("bool", [2, 2]), tensorType("bool", [2, 2])],
      attrs: {},
      message: "DTypeError: matmul: lhs is bool, but matmul needs f32, f64, i32 or u8",
    },
  ],
});

/** A product for every element of a batch as one product that broadcasts nothing; null where there is none. */
function ordinaryProduct(
  [lhs, rhs]: readonly [Operand, Operand],
  mapped: readonly boolean[],
): readonly Operand[] | null {
  const [m, n] = [lhs.type.shape.length, rhs.type.shape.length];
  if (mapped[0] && mapped[1]) return m > 2 && m === n ? [matmul(lhs, rhs)] : null;
  if (mapped[0]) return n <= 2 ? [matmul(lhs, rhs)] : null;
  // Rows of a batch of vectors: (A·x)ᵀ = xᵀ·Aᵀ.
  if (n === 2) return m <= 2 ? [matmul(rhs, m === 2 ? flip(lhs) : lhs)] : null;
  return m <= 2 ? [matmul(lhs, rhs)] : null;
}
