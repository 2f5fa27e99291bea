// Parts of matrices beside a diagonal: tril, triu, lowerTriangle, diagonal. Leading axes are batches of matrices.
import { defineOp } from "../define-op.js";
import { GraphError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Lowering, type Op, t } from "../op.js";
import { printShape, printSize, sameSize, type Size } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { add } from "./arithmetic.js";
import { equal, greaterEqual } from "./comparison.js";
import { iota } from "./leaves.js";
import { broadcast, transpose } from "./movement.js";
import { where } from "./selection.js";

type DiagonalAttrs = { diagonal: number };
type TriangleArgs = [x: Operand, diagonal?: number];

export const tril: Op<"like", DiagonalAttrs, TriangleArgs> = defineOp("tril", {
  doc: "The lower triangle of matrices, 0 above it: `y[…, i, j] = x[…, i, j] where j ≤ i + diagonal, else 0`.",
  operands: ["x"],
  form: "like",
  call: (x, diagonal = 0) => ({ operands: [x], attrs: { diagonal } }),
  infer: ([x], attrs) => [matrices(x!, attrs)],
  lower: keeping((row, column, diagonal) => e.ge(e.add(row, e.literal(diagonal)), column)),
  vjp: ({ g, attrs: { diagonal } }) => [tril(g, diagonal)],
  onnx: { type: "Trilu" },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { diagonal: 0 }, t("f32", [2, 3], [1, 0, 0, 4, 5, 0])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { diagonal: 1 }, t("f32", [2, 3], [1, 2, 0, 4, 5, 6])),
    byHand(
      [t("i32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      { diagonal: -1 },
      t("i32", [2, 2, 2], [0, 0, 3, 0, 0, 0, 7, 0]),
    ),
    byHand([t("f32", [2, 0], [])], { diagonal: 0 }, t("f32", [2, 0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { diagonal: 0 },
      message: "ShapeError: tril: x has shape [3], which is no matrix",
    },
    {
      operands: [tensorType("f32", [3, 3])],
      attrs: { diagonal: 0.5 },
      message: "GraphError: tril: the diagonal 0.5 is not an integer",
    },
  ],
});

export const triu: Op<"like", DiagonalAttrs, TriangleArgs> = defineOp("triu", {
  doc: "The upper triangle of matrices, 0 below it: `y[…, i, j] = x[…, i, j] where j ≥ i + diagonal, else 0`.",
  operands: ["x"],
  form: "like",
  call: (x, diagonal = 0) => ({ operands: [x], attrs: { diagonal } }),
  infer: ([x], attrs) => [matrices(x!, attrs)],
  lower: keeping((row, column, diagonal) => e.ge(column, e.add(row, e.literal(diagonal)))),
  vjp: ({ g, attrs: { diagonal } }) => [triu(g, diagonal)],
  onnx: { type: "Trilu" },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { diagonal: 0 }, t("f32", [2, 3], [1, 2, 3, 0, 5, 6])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { diagonal: 2 }, t("f32", [2, 3], [0, 0, 3, 0, 0, 0])),
    byHand([t("bool", [2, 2], [1, 1, 1, 1])], { diagonal: 1 }, t("bool", [2, 2], [0, 1, 0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [])],
      attrs: { diagonal: 0 },
      message: "ShapeError: triu: x has shape [], which is no matrix",
    },
  ],
});

export const lowerTriangle: Op<"own", DiagonalAttrs, TriangleArgs> = defineOp("lowerTriangle", {
  doc: "The mask of what `tril` keeps of a matrix: `y[i, j] = j ≤ i + diagonal`, as bool; of `x` only the last two sizes count. It is the causal mask of attention.",
  operands: ["x"],
  form: "own",
  call: (x, diagonal = 0) => ({ operands: [x], attrs: { diagonal } }),
  infer: ([x], attrs) => [tensorType("bool", matrices(x!, attrs).shape.slice(-2))],
  lower: {
    kind: "compose",
    expand: ([x], { diagonal }) => {
      const shape = x!.type.shape.slice(-2);
      return [greaterEqual(add(iota(x!, shape, 0, "i32"), diagonal), iota(x!, shape, 1, "i32"))];
    },
  },
  vjp: () => [null],
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { diagonal: 0 }, t("bool", [2, 3], [1, 0, 0, 1, 1, 0])),
    byHand([t("i32", [1, 2, 2], [1, 2, 3, 4])], { diagonal: -1 }, t("bool", [2, 2], [0, 0, 1, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { diagonal: 0 },
      message: "ShapeError: lowerTriangle: x has shape [3], which is no matrix",
    },
  ],
});

type PlaneAttrs = { axes: readonly [number, number] };

export const diagonal: Op<"own", PlaneAttrs, [x: Operand, axis1?: number, axis2?: number]> = defineOp("diagonal", {
  doc: "Elements with equal indices along two axes of one size, the last two where none are given; they become the last axis: `y[…, i] = x[…, i, i]`.",
  operands: ["x"],
  form: "own",
  call: (x, axis1 = -2, axis2 = -1) => ({
    operands: [x],
    attrs: { axes: [normalizeAxis(axis1, x.type), normalizeAxis(axis2, x.type)] },
  }),
  infer: ([x], { axes: [a, b] }) => {
    const { dtype, shape } = x!;
    const [rows, columns] = [shape[normalizeAxis(a, x!)]!, shape[normalizeAxis(b, x!)]!];
    if (a === b) throw new ShapeError(`axis ${a} is given twice`);
    if (!sameSize(rows, columns)) {
      throw new ShapeError(`axis ${a} has size ${printSize(rows)} but axis ${b} has size ${printSize(columns)}`);
    }
    return [tensorType(dtype, [...without(shape, a, b), rows])];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const [a, b] = k.attrs.axes;
      let next = 0;
      const place = k.operands[0]!.shape.map((_, axis) => (axis === a || axis === b ? index.at(-1)! : index[next++]!));
      return k.read(0, place);
    },
  },
  vjp: ({ g, operands: [x], attrs: { axes } }) => {
    const { shape } = x!.type;
    const [a, b] = axes;
    const rows = Math.min(a, b);
    const others = without(shape.map((_, axis) => axis), a, b); // prettier-ignore
    const on = equal(iota(x!, shape, a, "i32"), iota(x!, shape, b, "i32"));
    return [where(on, spreadOver(g, shape, [...others, rows]), 0)];
  },
  samples: [
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], { axes: [0, 1] }, t("f32", [2], [1, 4])),
    byHand(
      [t("f32", [2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
      { axes: [2, 0] },
      t("f32", [3, 2], [1, 8, 3, 10, 5, 12]),
    ),
    byHand([t("f32", [0, 0], [])], { axes: [0, 1] }, t("f32", [0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [0, 1] },
      message: "ShapeError: diagonal: axis 0 has size 2 but axis 1 has size 3",
    },
    {
      operands: [tensorType("f32", [2, 2])],
      attrs: { axes: [1, 1] },
      message: "ShapeError: diagonal: axis 1 is given twice",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [0, 1] },
      message: "ShapeError: diagonal: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

function matrices(x: TensorType, { diagonal }: DiagonalAttrs): TensorType {
  if (x.shape.length < 2) throw new ShapeError(`x has shape ${printShape(x.shape)}, which is no matrix`);
  if (!Number.isInteger(diagonal)) throw new GraphError(`the diagonal ${diagonal} is not an integer`);
  return x;
}

function keeping(keeps: (row: e.Expr, column: e.Expr, diagonal: number) => e.Expr): Lowering<DiagonalAttrs> {
  return {
    kind: "compute",
    at: (index, k) => {
      const kept = keeps(index.at(-2)!, index.at(-1)!, k.attrs.diagonal);
      return e.select(kept, k.read(0, index), e.literal(0, k.operands[0]!.dtype));
    },
  };
}

const without = <T>(list: readonly T[], a: number, b: number) => list.filter((_, i) => i !== a && i !== b);

/** `x` over `shape`, its axis i being axis `axes[i]`, in any order. */
function spreadOver(x: Operand, shape: readonly Size[], axes: readonly number[]): Operand {
  const order = axes.map((_, i) => i).sort((i, j) => axes[i]! - axes[j]!);
  return broadcast(
    transpose(x, order),
    shape,
    order.map((i) => axes[i]!),
  );
}
