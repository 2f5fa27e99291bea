// Leaves: what a graph starts from.
import { type DType, isFloat, toDType, type TypedArray } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { DTypeError, GraphError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { insertable } from "../forms.js";
import type { Operand, Parameter } from "../node.js";
import { type Op, t } from "../op.js";
import { addSizes, printShape, type Size } from "../size.js";
import { declaredType, tensorType } from "../type.js";

export const input: Op<"own", { name: string; dtype: DType; shape: readonly Size[] }, []> = defineOp("input", {
  doc: "A tensor fed at every run.",
  operands: [],
  form: "own",
  call: () => {
    throw new GraphError("inputs are declared with Graph.input");
  },
  infer: (_, { dtype, shape }) => [declaredType(dtype, shape)],
  lower: { kind: "leaf" },
  samples: [],
});

export const parameter: Op<"own", { parameter: Parameter }, [like: Operand, parameter: Parameter]> = defineOp(
  "parameter",
  {
    doc: "State that lives on a device between runs; its value is the one before the run.",
    operands: [],
    form: "own",
    call: (like, p) => ({ operands: [], attrs: { parameter: p }, owner: like.owner }),
    infer: (_, { parameter }) => [parameter.type],
    lower: { kind: "leaf" },
    samples: [],
  },
);

type ConstantAttrs = { value: number | TypedArray; dtype: DType; shape: readonly number[] };
type ConstantArgs = [like: Operand, value: number | TypedArray, dtype?: DType, shape?: readonly number[]];

export const constant: Op<"own", ConstantAttrs, ConstantArgs> = defineOp("constant", {
  doc: "Numbers known when the graph is built: one number, or an array in row-major order.",
  operands: [],
  form: "own",
  call: (like, value, dtype = like.type.dtype, shape = typeof value === "number" ? [] : [value.length]) => ({
    operands: [],
    attrs: { value: typeof value === "number" ? toDType(dtype, value) : value, dtype, shape },
    owner: like.owner,
  }),
  infer: (_, { value, dtype, shape }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const length = typeof value === "number" ? 1 : value.length;
    if (length !== count) throw new ShapeError(`${length} numbers do not fill the shape ${printShape(shape)}`);
    return [tensorType(dtype, shape)];
  },
  lower: { kind: "leaf" },
  samples: [],
});

type IotaAttrs = { shape: readonly Size[]; axis: number; dtype: DType };

export const iota: Op<"own", IotaAttrs, [like: Operand, shape: readonly Size[], axis: number, dtype: DType]> = defineOp(
  "iota",
  {
    doc: "Every element is its own index along an axis: `y[i₀, i₁, …] = i_axis`.",
    operands: [],
    form: "own",
    call: (like, shape, axis, dtype) => ({ operands: [], attrs: { shape, axis, dtype }, owner: like.owner }),
    infer: (_, { shape, axis, dtype }) => {
      if (axis < 0 || axis >= shape.length) throw new ShapeError(`axis ${axis} is out of range: rank ${shape.length}`);
      if (dtype === "bool") throw new DTypeError("bool cannot count");
      return [tensorType(dtype, shape)];
    },
    lower: { kind: "compute", at: (index, k) => e.cast(index[k.attrs.axis]!, k.attrs.dtype) },
    samples: [
      {
        operands: [],
        attrs: { shape: [2, 3], axis: 1, dtype: "i32" },
        results: [t("i32", [2, 3], [0, 1, 2, 0, 1, 2])],
        from: "by hand",
      },
      {
        operands: [],
        attrs: { shape: [2, 3], axis: 0, dtype: "f32" },
        results: [t("f32", [2, 3], [0, 0, 0, 1, 1, 1])],
        from: "by hand",
      },
    ],
    rejects: [
      {
        operands: [],
        attrs: { shape: [2, 3], axis: 2, dtype: "i32" },
        message: "ShapeError: iota: axis 2 is out of range: rank 2",
      },
    ],
  },
);

/** A size of an axis as a number in the graph, so that a mean over a named size divides by the right one. */
export const size: Op<"own", { size: Size; dtype: DType }, [like: Operand, size: Size, dtype: DType]> = defineOp(
  "size",
  {
    doc: "A size as a scalar; a named size becomes a number when the graph is specialised.",
    operands: [],
    form: "own",
    call: (like, of, dtype) => ({ operands: [], attrs: { size: addSizes(of), dtype }, owner: like.owner }),
    infer: (_, { dtype }) => {
      if (!isFloat(dtype) && dtype !== "i32") throw new DTypeError(`a size is a number, not a ${dtype}`);
      return [tensorType(dtype, [])];
    },
    lower: {
      kind: "compute",
      at: (_, k) => {
        if (typeof k.attrs.size !== "number")
          throw new GraphError("size: a named size has no number before specialize");
        return e.literal(k.attrs.size, k.attrs.dtype);
      },
    },
    samples: [{ operands: [], attrs: { size: 7, dtype: "f32" }, results: [t("f32", [], [7])], from: "by hand" }],
  },
);

insertable({ constant });
