// Images and the like in another size: resize, and one axis of it with its adjoint.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { GraphError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { type Resampling, readersOf, type ResizeMode, termsOf } from "../resampling.js";
import { clamp, provablyLess } from "../shape.js";
import { printShape, printSize, sameSize, type Size } from "../size.js";
import { declaredType, tensorType, type TensorType } from "../type.js";

type How = { mode: ResizeMode; alignCorners: boolean };
type ResizeAttrs = How & { sizes: readonly Size[] };
type ResizeArgs = [
  x: Operand,
  sizes: readonly Size[],
  options?: { readonly mode?: ResizeMode; readonly alignCorners?: boolean },
];

export const resize: Op<"own", ResizeAttrs, ResizeArgs> = defineOp("resize", {
  doc: "The last axes in other sizes, as images: of `[batch, channels, height, width]` two sizes resize height and width. Element i is read at `(i + ½) · n / m − ½`, as in PyTorch and ONNX (half-pixel), or at `i · (n − 1) / (m − 1)` with `alignCorners`: the nearest element (halves up, as PyTorch's nearest-exact) or a mean of the neighbours by distance (bilinear, for any number of axes).",
  operands: ["x"],
  form: "own",
  call: (x, sizes, { mode = "nearest", alignCorners = false } = {}) => ({
    operands: [x],
    attrs: { sizes, mode, alignCorners },
  }),
  infer: ([x], { sizes, mode, alignCorners }) => {
    const { shape } = x!;
    if (!Array.isArray(sizes)) throw new ShapeError(`the sizes are ${String(sizes)}, not a list`);
    if (sizes.length > shape.length) {
      throw new ShapeError(`${sizes.length} sizes for the ${shape.length} axes of ${printShape(shape)}`);
    }
    const first = shape.length - sizes.length;
    return [sizes.reduce((type: TensorType, size, i) => resized("resize", type, first + i, size, { mode, alignCorners }), x!)]; // prettier-ignore
  },
  lower: {
    kind: "compose",
    expand: ([x], { sizes, mode, alignCorners }) => {
      const first = x!.type.shape.length - sizes.length;
      return [
        sizes.reduce<Operand>((y, size, i) => {
          if (sameSize(y.type.shape[first + i]!, size)) return y;
          return resizeAxis(y, first + i, size, { mode, alignCorners });
        }, x!),
      ];
    },
  },
  onnx: { type: "Resize", attrs: { mode: "mode" } },
  samples: [
    byHand([t("f32", [1, 2, 2], [1, 2, 3, 4])], { sizes: [4, 2], mode: "nearest", alignCorners: false }, t("f32", [1, 4, 2], [1, 2, 1, 2, 3, 4, 3, 4])), // prettier-ignore
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], { sizes: [3, 3], mode: "bilinear", alignCorners: false }, t("f32", [3, 3], [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4])), // prettier-ignore
    byHand([t("i32", [2], [7, 8])], { sizes: [], mode: "nearest", alignCorners: false }, t("i32", [2], [7, 8])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { sizes: [2, 2], mode: "nearest", alignCorners: false },
      message: "ShapeError: resize: 2 sizes for the 1 axes of [2]",
    },
    {
      operands: [tensorType("f32", [1, 2])],
      attrs: { sizes: [0], mode: "nearest", alignCorners: false },
      message: "ShapeError: resize: axis 1 of size 2 cannot have size 0",
    },
    {
      operands: [tensorType("f32", [1, 2])],
      attrs: { sizes: [1.5], mode: "nearest", alignCorners: false },
      message: "ShapeError: resize: the shape [1,1.5] has the size 1.5: sizes are whole numbers from 0",
    },
    {
      operands: [tensorType("f32", [1, 0])],
      attrs: { sizes: [2], mode: "nearest", alignCorners: false },
      message: "ShapeError: resize: axis 1 of size 0 cannot have size 2",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { sizes: [2], mode: "cubic" as ResizeMode, alignCorners: false },
      message: 'GraphError: resize: there is no mode "cubic"',
    },
    {
      operands: [tensorType("i32", [2])],
      attrs: { sizes: [4], mode: "bilinear", alignCorners: false },
      message: "DTypeError: resize: x is i32, but resize needs f32 or f64",
    },
  ],
});

type AxisAttrs = How & { axis: number; size: Size };
type AxisArgs = [x: Operand, axis: number, size: Size, how: How];

export const resizeAxis: Op<"own", AxisAttrs, AxisArgs> = defineOp("resizeAxis", {
  doc: "One axis in another size, what `resize` is made of: `y[…, i, …] = Σ weight · x[…, place, …]` over the one or two elements nearest to the place of i.",
  operands: ["x"],
  form: "own",
  call: (x, axis, size, how) => ({ operands: [x], attrs: { axis: normalizeAxis(axis, x.type), size, ...how } }),
  infer: ([x], { axis, size, ...how }) => [resized("resizeAxis", x!, axis, size, how)],
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { axis } = k.attrs;
      const { dtype } = k.operands[0]!;
      const along = resampling(k.operands[0]!.shape[axis]!, k.results[0]!.shape[axis]!, k.attrs);
      const terms = termsOf(along, index[axis]!, dtype).map(({ place, weight }) => {
        const x = k.read(0, index.with(axis, place));
        return weight ? e.mul(weight, x) : x;
      });
      return terms.reduce(e.add);
    },
  },
  vjp: ({ g, operands: [x], attrs: { axis, mode, alignCorners } }) => [
    resizeAxisAdjoint(g, axis, x!.type.shape[axis]!, { mode, alignCorners }),
  ],
  samples: [
    byHand([t("f32", [2], [1, 2])], { axis: 0, size: 4, mode: "bilinear", alignCorners: false }, t("f32", [4], [1, 1.25, 1.75, 2])), // prettier-ignore
    byHand([t("f32", [2], [1, 2])], { axis: 0, size: 4, mode: "bilinear", alignCorners: true }, t("f32", [4], [1, 4 / 3, 5 / 3, 2])), // prettier-ignore
    byHand([t("f32", [4], [1, 2, 3, 4])], { axis: 0, size: 2, mode: "bilinear", alignCorners: false }, t("f32", [2], [1.5, 3.5])), // prettier-ignore
    byHand([t("f32", [2, 1], [1, 2])], { axis: 1, size: 3, mode: "bilinear", alignCorners: true }, t("f32", [2, 3], [1, 1, 1, 2, 2, 2])), // prettier-ignore
    byHand([t("f32", [5], [1, 2, 3, 4, 5])], { axis: 0, size: 3, mode: "nearest", alignCorners: false }, t("f32", [3], [1, 3, 5])), // prettier-ignore
    byHand([t("i32", [4], [1, 2, 3, 4])], { axis: 0, size: 2, mode: "nearest", alignCorners: false }, t("i32", [2], [2, 4])), // prettier-ignore
    byHand([t("f32", [3], [1, 2, 3])], { axis: 0, size: 1, mode: "nearest", alignCorners: true }, t("f32", [1], [1])),
    byHand([t("f32", [3], [1, 2, 3])], { axis: 0, size: 5, mode: "nearest", alignCorners: true }, t("f32", [5], [1, 2, 2, 3, 3])), // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axis: 1, size: 3, mode: "nearest", alignCorners: false },
      message: "ShapeError: resizeAxis: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

export const resizeAxisAdjoint: Op<"own", AxisAttrs, AxisArgs> = defineOp("resizeAxisAdjoint", {
  doc: "The gradient of `resizeAxis` from a resized axis back to one of `size` elements: every element gathers what was read from it, `x[…, j, …] = Σᵢ weight(i, j) · g[…, i, …]`.",
  operands: ["g"],
  form: "own",
  call: (g, axis, size, how) => ({ operands: [g], attrs: { axis: normalizeAxis(axis, g.type), size, ...how } }),
  infer: ([g], { axis, size, ...how }) => {
    expectDType("resizeAxisAdjoint", "g", g!, "float");
    return [resized("resizeAxisAdjoint", g!, axis, size, how)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { axis } = k.attrs;
      const { dtype, shape } = k.operands[0]!;
      const along = resampling(k.results[0]!.shape[axis]!, shape[axis]!, k.attrs);
      const j = index[axis]!;
      const { first, count } = readersOf(along, j);
      return k.reduce("sum", count, (n) => {
        const i = e.add(first, n);
        const inside = clamp(i, along.to);
        const zero = e.literal(0, dtype);
        const weights = termsOf(along, inside, dtype).map(({ place, weight }) =>
          e.select(e.eq(place, j), weight ?? e.literal(1, dtype), zero),
        );
        const weight = e.select(e.eq(i, inside), weights.reduce(e.add), zero);
        return e.mul(k.read(0, index.with(axis, inside)), weight);
      });
    },
  },
  vjp: ({ g, operands: [y], attrs: { axis, mode, alignCorners } }) => [
    resizeAxis(g, axis, y!.type.shape[axis]!, { mode, alignCorners }),
  ],
  samples: [
    byHand([t("f32", [4], [1, 1, 1, 1])], { axis: 0, size: 2, mode: "bilinear", alignCorners: false }, t("f32", [2], [2, 2])), // prettier-ignore
    byHand([t("f32", [4], [4, 8, 4, 1])], { axis: 0, size: 2, mode: "bilinear", alignCorners: false }, t("f32", [2], [11, 6])), // prettier-ignore
    byHand([t("f32", [2], [1, 5])], { axis: 0, size: 4, mode: "nearest", alignCorners: false }, t("f32", [4], [0, 1, 0, 5])), // prettier-ignore
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { axis: 1, size: 1, mode: "bilinear", alignCorners: true }, t("f32", [2, 1], [6, 15])), // prettier-ignore
    byHand([t("f32", [12], [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])], { axis: 0, size: 2, mode: "nearest", alignCorners: false }, t("f32", [2], [6, 12])), // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2])],
      attrs: { axis: 0, size: 3, mode: "nearest", alignCorners: false },
      message: "DTypeError: resizeAxisAdjoint: g is i32, but resizeAxisAdjoint needs f32 or f64",
    },
  ],
});

function resampling(from: number, to: number, { mode, alignCorners }: How): Resampling {
  return { from, to, mode, alignCorners };
}

/** The type with an axis of another size. Throws ShapeError where one of the two is empty, GraphError for another mode. */
function resized(op: string, x: TensorType, axis: number, size: Size, { mode }: How): TensorType {
  if (mode !== "nearest" && mode !== "bilinear") throw new GraphError(`there is no mode "${String(mode)}"`);
  if (mode === "bilinear") expectDType(op, "x", x, "float");
  const own = x.shape[normalizeAxis(axis, x)]!;
  if (provablyLess(size, 1) || provablyLess(own, 1)) {
    throw new ShapeError(`axis ${axis} of size ${printSize(own)} cannot have size ${printSize(size)}`);
  }
  return declaredType(x.dtype, x.shape.with(axis, size));
}
