// The convolution that all others are composed of, with an axis for groups and any number of spatial axes, and its two
// cotangents. Each one's gradient is the other two. The public ones are in convolutions.ts.
import { inputCotangent, type WalkAttrs, weightCotangent } from "../convolution.js";
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { numbersOf } from "../shape.js";
import { printSize, sameSize, type Size } from "../size.js";
import { type TensorType, tensorType } from "../type.js";
import { insideOf, overWindow, placeOf } from "../window.js";

type Args = [x: Operand, w: Operand, walk: WalkAttrs];

export const convolution: Op<"own", WalkAttrs, Args> = defineOp("convolution", {
  doc: "What convolutions are composed of, on `x[n, g, c, i…]` and `w[g, o, c, t…]`: `y[n, g, o, p…] = Σ x[n, g, c, p · stride + t · dilation − low] · w[g, o, c, t]`, zeros outside of `x`. A cross-correlation: the window is not turned round.",
  operands: ["x", "w"],
  form: "own",
  call: (x, w, walk) => ({ operands: [x, w], attrs: walk }),
  infer: ([x, w], attrs) => {
    expectFactors("convolution", "x", x!, "w", w!, attrs);
    agree("groups", "x", x!, 1, "w", w!, 0);
    agree("channels", "x", x!, 2, "w", w!, 2);
    return [tensorType(x!.dtype, [x!.shape[0]!, w!.shape[0]!, w!.shape[1]!, ...attrs.size])];
  },
  lower: {
    kind: "compute",
    at: ([n, g, o, ...position], k) => {
      const [x, w] = [k.operands[0]!, k.operands[1]!];
      const { stride, dilation } = k.attrs;
      const low = numbersOf(k.attrs.low);
      const sizes = x.shape.slice(3);
      const zero = e.literal(0, x.dtype);
      const sum = (extent: number, body: (i: e.Expr) => e.Expr) => k.reduce("sum", extent, body);
      return sum(x.shape[2]!, (c) =>
        overWindow(w.shape.slice(3), sum, (taps) => {
          const places = taps.map((tap, i) => placeOf(position[i]!, tap, stride[i]!, dilation[i]!, low[i]!));
          const weight = k.read(1, [g!, o!, c, ...taps]);
          if (sizes.includes(0)) return e.mul(zero, weight);
          const { inside, clamped } = insideOf(places, sizes);
          return e.mul(e.select(inside, k.read(0, [n!, g!, c, ...clamped]), zero), weight);
        }),
      );
    },
  },
  vjp: ({ g, operands: [x, w], attrs }) => [
    convolutionInput(g, w!, { ...attrs, size: x!.type.shape.slice(3) }),
    convolutionWeight(x!, g, { ...attrs, size: w!.type.shape.slice(3) }),
  ],
  samples: [
    byHand(
      [t("f32", [1, 1, 1, 5], [1, 2, 3, 4, 5]), t("f32", [1, 2, 1, 3], [1, 0, -1, 1, 1, 1])],
      { stride: [2], dilation: [1], low: [1], size: [3] },
      t("f32", [1, 1, 2, 3], [-2, -2, 4, 3, 9, 9]),
    ),
    byHand(
      [t("f32", [1, 2, 1, 4], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [2, 1, 1, 2], [1, 10, 2, 1])],
      { stride: [1], dilation: [2], low: [0], size: [2] },
      t("f32", [1, 2, 1, 2], [31, 42, 17, 20]),
    ),
    byHand(
      [t("f32", [1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [1, 1, 2, 1, 2], [1, 2, 3, 4])],
      { stride: [1, 1], dilation: [1, 1], low: [0, 0], size: [2, 1] },
      t("f32", [1, 1, 1, 2, 1], [44, 64]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 3], [1, 2, 3]), t("f32", [1, 1, 1, 2], [1, 10])],
      { stride: [1], dilation: [1], low: [-1], size: [3] },
      t("f32", [1, 1, 1, 3], [32, 3, 0]),
    ),
    byHand(
      [t("f32", [0, 1, 1, 3], []), t("f32", [1, 1, 1, 2], [1, 10])],
      { stride: [1], dilation: [1], low: [0], size: [2] },
      t("f32", [0, 1, 1, 2], []),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 3, 8]), tensorType("f32", [2, 4, 2, 3])],
      attrs: { stride: [1], dilation: [1], low: [0], size: [6] },
      message: "ShapeError: convolution: x has 3 channels but w has 2",
    },
    {
      operands: [tensorType("f32", [1, 3, 8]), tensorType("f32", [2, 4, 3, 3])],
      attrs: { stride: [1], dilation: [1], low: [0], size: [6] },
      message: "ShapeError: convolution: x has rank 3, but 1 spatial axis makes it 4",
    },
  ],
});

export const convolutionInput: Op<"own", WalkAttrs, Args> = defineOp("convolutionInput", {
  doc: "The cotangent of a convolution's input `x`, whose spatial sizes are `size`: `dx[n, g, c, i] = Σ dy[n, g, o, p] · w[g, o, c, t]` over all p, t with `p · stride + t · dilation − low = i`.",
  operands: ["dy", "w"],
  form: "own",
  call: (dy, w, walk) => ({ operands: [dy, w], attrs: walk }),
  infer: ([dy, w], attrs) => {
    expectFactors("convolutionInput", "dy", dy!, "w", w!, attrs);
    agree("groups", "dy", dy!, 1, "w", w!, 0);
    agree("channels", "dy", dy!, 2, "w", w!, 1);
    return [tensorType(dy!.dtype, [dy!.shape[0]!, w!.shape[0]!, w!.shape[2]!, ...attrs.size])];
  },
  lower: { kind: "compose", expand: ([dy, w], attrs) => [inputCotangent(dy!, w!, attrs)] },
  vjp: ({ g, operands: [dy, w], attrs }) => [
    convolution(g, w!, { ...attrs, size: dy!.type.shape.slice(3) }),
    convolutionWeight(g, dy!, { ...attrs, size: w!.type.shape.slice(3) }),
  ],
  samples: [
    byHand(
      [t("f32", [1, 1, 1, 3], [1, 2, 3]), t("f32", [1, 1, 1, 3], [1, 10, 100])],
      { stride: [1], dilation: [1], low: [1], size: [3] },
      t("f32", [1, 1, 1, 3], [12, 123, 230]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 2], [1, 2]), t("f32", [1, 1, 1, 3], [1, 10, 100])],
      { stride: [2], dilation: [1], low: [1], size: [5] },
      t("f32", [1, 1, 1, 5], [10, 102, 20, 200, 0]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 2], [1, 2]), t("f32", [1, 1, 2, 1], [1, 10])],
      { stride: [3], dilation: [1], low: [0], size: [5] },
      t("f32", [1, 1, 2, 5], [1, 0, 0, 2, 0, 10, 0, 0, 20, 0]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 2], [1, 2]), t("f32", [1, 1, 1, 2], [1, 10])],
      { stride: [2], dilation: [3], low: [0], size: [6] },
      t("f32", [1, 1, 1, 6], [1, 0, 2, 10, 0, 20]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 2, 1], [1, 2]), t("f32", [1, 1, 1, 1, 2], [1, 10])],
      { stride: [2, 1], dilation: [1, 2], low: [0, 0], size: [3, 3] },
      t("f32", [1, 1, 1, 3, 3], [1, 0, 10, 0, 0, 0, 2, 0, 20]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 3, 8]), tensorType("f32", [2, 4, 2, 3])],
      attrs: { stride: [1], dilation: [1], low: [0], size: [6] },
      message: "ShapeError: convolutionInput: dy has 3 channels but w has 4",
    },
  ],
});

export const convolutionWeight: Op<"own", WalkAttrs, Args> = defineOp("convolutionWeight", {
  doc: "The cotangent of a convolution's window, whose spatial sizes are `size`: `dw[g, o, c, t] = Σ dy[n, g, o, p] · x[n, g, c, p · stride + t · dilation − low]`.",
  operands: ["x", "dy"],
  form: "own",
  call: (x, dy, walk) => ({ operands: [x, dy], attrs: walk }),
  infer: ([x, dy], attrs) => {
    expectFactors("convolutionWeight", "x", x!, "dy", dy!, attrs);
    agree("examples", "x", x!, 0, "dy", dy!, 0);
    agree("groups", "x", x!, 1, "dy", dy!, 1);
    return [tensorType(x!.dtype, [x!.shape[1]!, dy!.shape[2]!, x!.shape[2]!, ...attrs.size])];
  },
  lower: { kind: "compose", expand: ([x, dy], attrs) => [weightCotangent(x!, dy!, attrs)] },
  vjp: ({ g, operands: [x, dy], attrs }) => [
    convolutionInput(dy!, g, { ...attrs, size: x!.type.shape.slice(3) }),
    convolution(x!, g, { ...attrs, size: dy!.type.shape.slice(3) }),
  ],
  samples: [
    byHand(
      [t("f32", [1, 1, 1, 5], [1, 2, 3, 4, 5]), t("f32", [1, 1, 1, 3], [1, 10, 100])],
      { stride: [2], dilation: [1], low: [1], size: [3] },
      t("f32", [1, 1, 1, 3], [420, 531, 42]),
    ),
    byHand(
      [t("f32", [2, 1, 1, 3], [1, 2, 3, 4, 5, 6]), t("f32", [2, 1, 2, 2], [1, 0, 0, 1, 1, 1, 2, 0])],
      { stride: [1], dilation: [1], low: [0], size: [2] },
      t("f32", [1, 2, 1, 2], [10, 13, 10, 13]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4, 2, 3, 8]), tensorType("f32", [5, 2, 4, 6])],
      attrs: { stride: [1], dilation: [1], low: [0], size: [3] },
      message: "ShapeError: convolutionWeight: x has 4 examples but dy has 5",
    },
  ],
});

function expectFactors(op: string, a: string, x: TensorType, b: string, y: TensorType, { size }: WalkAttrs): void {
  expectSameDType(a, x, b, y);
  expectDType(op, a, x, "number");
  for (const [name, type] of [
    [a, x],
    [b, y],
  ] as const) {
    // prettier-ignore
    if (type.shape.length === size.length + 3) continue;
    const axes = `${size.length} spatial ${size.length === 1 ? "axis makes" : "axes make"}`;
    throw new ShapeError(`${name} has rank ${type.shape.length}, but ${axes} it ${size.length + 3}`);
  }
}

function agree(what: string, a: string, x: TensorType, i: number, b: string, y: TensorType, j: number): void {
  const [m, n] = [x.shape[i]!, y.shape[j]!] as [Size, Size];
  if (!sameSize(m, n)) throw new ShapeError(`${a} has ${printSize(m)} ${what} but ${b} has ${printSize(n)}`);
}
