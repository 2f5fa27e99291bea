// Builders of elementwise ops: one element of the result from the same element of every operand. They supply the form,
// the dtype and shape rules and the lowering, so that a family file states only what is particular to an op.
import { defineOp } from "./define-op.js";
import { type DType, dtypes } from "./dtype.js";
import { DTypeError, ShapeError } from "./errors.js";
import type { Expr } from "./expr.js";
import type { Attrs, Operand } from "./node.js";
import { type Op, type OpRecord, type Reject, type Rule, type Sample, t } from "./op.js";
import { printShape, sameShape } from "./size.js";
import { type TensorType, tensorType } from "./type.js";

/** Groups of dtypes an op accepts: f32 and f64; those and i32; all but bool; all; bool alone. */
export type Accepts = "float" | "signed" | "number" | "any" | "bool";

/** What is particular to an elementwise op, besides its operands. */
interface Particulars extends Partial<Pick<OpRecord<"unary", Attrs, []>, "simplify" | "tolerance">> {
  readonly doc: string;
  readonly accepts: Accepts;
  /** Its name in ONNX, where it has one. */
  readonly onnx?: string;
  readonly samples: readonly Sample<Attrs>[];
  readonly rejects?: readonly Reject<Attrs>[];
}

/** `at` gives the element of the result, `vjp` the cotangent of `x`; `y` is the result. */
export interface Unary extends Particulars {
  readonly at: (x: Expr, dtype: DType) => Expr;
  readonly vjp?: (g: Operand, x: Operand, y: Operand) => Operand | null;
}

/** As `Unary`, with the cotangents of both operands; `z` is the result. */
export interface Binary extends Particulars {
  readonly at: (x: Expr, y: Expr, dtype: DType) => Expr;
  readonly vjp?: (g: Operand, x: Operand, y: Operand, z: Operand) => readonly [Operand | null, Operand | null];
}

/** An op of one operand whose result has the operand's type. */
export function unary(name: string, { at, vjp, ...rest }: Unary): Op<"unary"> {
  return defineOp<"unary", Attrs>(name, {
    ...shared(rest),
    operands: ["x"],
    form: "unary",
    infer([x]) {
      expectDType(name, "x", x!, rest.accepts);
      return [x!];
    },
    lower: {
      kind: "compute",
      at(index, k) {
        return at(k.read(0, index), k.operands[0]!.dtype);
      },
    },
    vjp: vjp && (({ g, operands, results }) => [vjp(g, operands[0]!, results[0]!)]),
  });
}

/** An op of two operands of equal type whose result has that type. */
export function binary(name: string, { at, vjp, ...rest }: Binary): Op<"binary"> {
  return defineOp<"binary", Attrs>(name, {
    ...shared(rest),
    operands: ["lhs", "rhs"],
    form: "binary",
    infer([x, y]) {
      expectPair(name, x!, y!, rest.accepts);
      return [x!];
    },
    lower: {
      kind: "compute",
      at(index, k) {
        return at(k.read(0, index), k.read(1, index), k.operands[0]!.dtype);
      },
    },
    vjp: vjp && (({ g, operands, results }) => vjp(g, operands[0]!, operands[1]!, results[0]!)),
  });
}

/** An op of two operands of equal type whose result is bool. */
export function comparison(name: string, { at, ...rest }: Omit<Binary, "vjp">): Op<"compare"> {
  return defineOp<"compare", Attrs>(name, {
    ...shared(rest),
    operands: ["lhs", "rhs"],
    form: "compare",
    infer([x, y]) {
      expectPair(name, x!, y!, rest.accepts);
      return [tensorType("bool", x!.shape)];
    },
    lower: {
      kind: "compute",
      at(index, k) {
        return at(k.read(0, index), k.read(1, index), k.operands[0]!.dtype);
      },
    },
  });
}

function shared({ onnx, accepts: _, ...rest }: Particulars) {
  return { ...rest, ...(onnx === undefined ? {} : { onnx: { type: onnx } }) };
}

/** Throws DTypeError unless the dtype of the operand called `operand` is accepted. */
export function expectDType(op: string, operand: string, type: TensorType, accepts: Accepts): void {
  const accepted = dtypesOf(accepts);
  if (accepted.includes(type.dtype)) return;
  const list = accepted.length > 1 ? `${accepted.slice(0, -1).join(", ")} or ${accepted.at(-1)!}` : accepted[0]!;
  const help = accepts === "bool" ? undefined : `${operand}.cast("${accepted[0]!}")`;
  throw new DTypeError(`${operand} is ${type.dtype}, but ${op} needs ${list}`, help === undefined ? {} : { help });
}

function dtypesOf(accepts: Accepts): readonly DType[] {
  switch (accepts) {
    case "float":
      return ["f32", "f64"];
    case "signed":
      return ["f32", "f64", "i32"];
    case "number":
      return ["f32", "f64", "i32", "u8"];
    case "any":
      return dtypes;
    case "bool":
      return ["bool"];
  }
}

function expectPair(op: string, x: TensorType, y: TensorType, accepts: Accepts): void {
  if (accepts !== "bool") expectSameDType("lhs", x, "rhs", y);
  expectDType(op, "lhs", x, accepts);
  expectDType(op, "rhs", y, accepts);
  expectSameShape("lhs", x, "rhs", y);
}

/** Throws DTypeError unless the two dtypes are equal; the help casts the narrower one. */
export function expectSameDType(xName: string, x: TensorType, yName: string, y: TensorType): void {
  if (x.dtype === y.dtype) return;
  const widths: readonly DType[] = ["bool", "u8", "i32", "f32", "f64"];
  const castX = widths.indexOf(x.dtype) < widths.indexOf(y.dtype);
  const help = castX ? `${xName}.cast("${y.dtype}")` : `${yName}.cast("${x.dtype}")`;
  throw new DTypeError(`${xName} is ${x.dtype} but ${yName} is ${y.dtype}`, { help });
}

/** Throws ShapeError unless the two shapes are provably equal. */
export function expectSameShape(xName: string, x: TensorType, yName: string, y: TensorType): void {
  if (sameShape(x.shape, y.shape)) return;
  throw new ShapeError(`${xName} has shape ${printShape(x.shape)} but ${yName} has shape ${printShape(y.shape)}`);
}

/** A sample of vectors: operands by their names and the result, all of one length, numbers by hand. */
export function sample(
  dtype: DType,
  operands: Readonly<Record<string, readonly number[]>>,
  result: readonly number[],
  of: DType = dtype,
): Sample<Attrs> {
  return {
    operands: Object.values(operands).map((data) => t(dtype, [data.length], data)),
    attrs: {},
    results: [t(of, [result.length], result)],
    from: "by hand",
  };
}

/** A sample at kinks, jumps, infinities or NaN, where differences say nothing about the gradient. */
export function edge(
  dtype: DType,
  operands: Readonly<Record<string, readonly number[]>>,
  result: readonly number[],
  of: DType = dtype,
): Sample<Attrs> {
  return { ...sample(dtype, operands, result, of), smooth: false };
}

/** A call on operands of these types that must fail with this message. */
export function reject(types: readonly TensorType[], message: string): Reject<Attrs> {
  return { operands: types, attrs: {}, message };
}

/** A rewrite rule, named by its equation, of an op's operands. */
export function rule(name: string, apply: (...operands: Parameters<Rule["apply"]>[1]) => Operand | null): Rule {
  return {
    name,
    apply(_, operands) {
      return apply(...operands);
    },
  };
}
