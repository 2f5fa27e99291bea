// Choosing between two tensors and changing dtypes: where, cast.
import { defineOp } from "../define-op.js";
import { type DType, isDType, isFloat } from "../dtype.js";
import { expectDType, expectSameDType, expectSameShape } from "../elementwise.js";
import { DTypeError } from "../errors.js";
import * as e from "../expr.js";
import { constantValue, madeBy } from "../facts.js";
import { broadcastTogether, type Scalar, scalarLike } from "../forms.js";
import type { Attrs, Operand, Value } from "../node.js";
import { type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { constant } from "./leaves.js";
import { logicalNot } from "./logic.js";

export const where: Op<"own", Attrs, [test: Operand, x: Scalar, y: Scalar]> = defineOp("where", {
  doc: "One of two, by a test: `z = x where test holds, else y`; what is not chosen has no influence, not even as NaN.",
  operands: ["test", "x", "y"],
  form: "own",
  call: (test, x, y) => {
    const like = [x, y].find((v) => typeof v !== "number");
    const scalar = (v: number) => (like ? scalarLike(like, v) : constant(test, v, "f32"));
    const [a, b] = [x, y].map((v) => (typeof v === "number" ? scalar(v) : v));
    return { operands: broadcastTogether(test, a!, b!), attrs: {} };
  },
  infer: ([test, x, y]) => {
    expectDType("where", "test", test!, "bool");
    expectSameDType("x", x!, "y", y!);
    expectSameShape("x", x!, "y", y!);
    expectSameShape("test", test!, "x", x!);
    return [x!];
  },
  lower: { kind: "compute", at: (index, k) => e.select(k.read(0, index), k.read(1, index), k.read(2, index)) },
  vjp: ({ g, operands: [test] }) => [null, where(test!, g, 0), where(test!, 0, g)],
  batch: ({ repeated }) => {
    const [test, x, y] = repeated();
    return [where(test!, x!, y!)];
  },
  simplify: [
    { name: "where(t, x, x) → x", apply: (_, [, x, y]) => (x === y ? x! : null) },
    { name: "where(true, x, y) → x", apply: (_, [test, x]) => (constantValue(test!) === 1 ? x! : null) },
    { name: "where(false, x, y) → y", apply: (_, [test, , y]) => (constantValue(test!) === 0 ? y! : null) },
    {
      name: "where(¬t, x, y) → where(t, y, x)",
      apply: (_, [test, x, y]) => {
        const negated = madeBy(test!, logicalNot);
        return negated ? where(negated[0]!, y!, x!) : null;
      },
    },
    {
      name: "where(t, where(t, x, y), z) → where(t, x, z)",
      apply: (_, [test, x, z]) => {
        const inner = madeBy(x!, where);
        return inner && inner[0] === test ? where(test!, inner[1]!, z!) : null;
      },
    },
    {
      name: "where(t, x, where(t, y, z)) → where(t, x, z)",
      apply: (_, [test, x, y]) => {
        const inner = madeBy(y!, where);
        return inner && inner[0] === test ? where(test!, x!, inner[2]!) : null;
      },
    },
  ],
  onnx: { type: "Where" },
  samples: [
    {
      operands: [t("bool", [3], [1, 0, 1]), t("f32", [3], [1, 2, 3]), t("f32", [3], [-1, -2, -3])],
      attrs: {},
      results: [t("f32", [3], [1, -2, 3])],
      from: "by hand",
    },
    {
      operands: [t("bool", [2], [0, 1]), t("f32", [2], [NaN, -0]), t("f32", [2], [5, Infinity])],
      attrs: {},
      results: [t("f32", [2], [5, -0])],
      from: "by hand",
      smooth: false,
    },
    {
      operands: [t("bool", [2], [0, 1]), t("i32", [2], [1, 2]), t("i32", [2], [3, 4])],
      attrs: {},
      results: [t("i32", [2], [3, 2])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2]), tensorType("f32", [2]), tensorType("f32", [2])],
      attrs: {},
      message: "DTypeError: where: test is f32, but where needs bool",
    },
    {
      operands: [tensorType("bool", [2]), tensorType("f32", [2]), tensorType("i32", [2])],
      attrs: {},
      message: "DTypeError: where: x is f32 but y is i32",
    },
    {
      operands: [tensorType("bool", [2]), tensorType("f32", [3]), tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: where: test has shape [2] but x has shape [3]",
    },
  ],
});

/** Pairs `from → to` in which every value of `from` has its own value of `to`. */
function lossless(from: DType, to: DType): boolean {
  const holds: Readonly<Record<DType, readonly DType[]>> = {
    bool: ["bool", "u8", "i32", "f32", "f64"],
    u8: ["u8", "i32", "f32", "f64"],
    i32: ["i32", "f64"],
    f32: ["f32", "f64"],
    f64: ["f64"],
  };
  return holds[from].includes(to);
}

export const cast: Op<"own", { dtype: DType }, [x: Operand, dtype: DType]> = defineOp("cast", {
  doc: "Another dtype: floats become integers by truncation, saturating, NaN as 0; `to bool: y = (x ≠ 0)`.",
  operands: ["x"],
  form: "own",
  call: (x, dtype) => ({ operands: [x], attrs: { dtype } }),
  infer: ([x], { dtype }) => {
    if (!isDType(dtype)) throw new DTypeError(`there is no dtype "${String(dtype)}"`);
    return [tensorType(dtype, x!.shape)];
  },
  lower: { kind: "compute", at: (index, k) => e.cast(k.read(0, index), k.attrs.dtype) },
  vjp: ({ g, operands: [x], attrs }) => {
    const both = isFloat(x!.type.dtype) && isFloat(attrs.dtype);
    return [both ? cast(g, x!.type.dtype) : null];
  },
  batch: ({ operands: [x], attrs: { dtype } }) => [cast(x!, dtype)],
  simplify: [
    {
      name: "cast x to its own dtype → x",
      apply: ({ attrs }, [x]) => (x!.type.dtype === attrs.dtype ? x! : null),
    },
    {
      name: "cast(cast(x, a), b) → cast(x, b), a holds all of x",
      apply: ({ attrs }, [x]) => {
        const inner: readonly Value[] | null = madeBy(x!, cast);
        if (!inner || !lossless(inner[0]!.type.dtype, x!.type.dtype)) return null;
        return cast(inner[0]!, attrs.dtype as DType);
      },
    },
  ],
  onnx: { type: "Cast", attrs: { dtype: "to" } },
  samples: [
    {
      operands: [t("f32", [8], [1.9, -1.9, 0.5, -0.5, 3e10, -Infinity, NaN, -0])],
      attrs: { dtype: "i32" },
      results: [t("i32", [8], [1, -1, 0, 0, 2147483647, -2147483648, 0, 0])],
      from: "by hand",
    },
    {
      operands: [t("i32", [3], [1, -2, 16777217])],
      attrs: { dtype: "f32" },
      results: [t("f32", [3], [1, -2, 16777216])],
      from: "by hand",
    },
    {
      operands: [t("f64", [2], [0.1, -2])],
      attrs: { dtype: "f32" },
      results: [t("f32", [2], [0.10000000149011612, -2])],
      from: "by hand",
    },
    {
      operands: [t("f64", [2], [0.1, -2])],
      attrs: { dtype: "f64" },
      results: [t("f64", [2], [0.1, -2])],
      from: "by hand",
    },
    {
      operands: [t("f32", [4], [0, -0, 0.5, NaN])],
      attrs: { dtype: "bool" },
      results: [t("bool", [4], [0, 0, 1, 1])],
      from: "by hand",
    },
    {
      operands: [t("bool", [2], [0, 1])],
      attrs: { dtype: "f32" },
      results: [t("f32", [2], [0, 1])],
      from: "by hand",
    },
    {
      operands: [t("i32", [3], [255, 256, -1])],
      attrs: { dtype: "u8" },
      results: [t("u8", [3], [255, 0, 255])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { dtype: "f16" as DType },
      message: 'DTypeError: cast: there is no dtype "f16"',
    },
  ],
});
