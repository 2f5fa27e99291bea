// Running values along an axis: sums, products, and linear recurrences, of which the gradients of all three are made.
import { defineOp } from "../define-op.js";
import { expectSameDType, expectSameShape } from "../elementwise.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { delayed, expectScannable, type ScanAttrs, scanAttrs, scanning, type ScanOptions } from "../scan.js";
import { tensorType } from "../type.js";
import { mul } from "./arithmetic.js";

type ScanArgs = [x: Operand, axis?: number, options?: ScanOptions];

const forward = { axis: 0, reverse: false, exclusive: false };
const backward = { axis: 0, reverse: true, exclusive: false };

export const cumsum: Op<"like", ScanAttrs, ScanArgs> = defineOp("cumsum", {
  doc: "The running sum along an axis, the last where none is given, as NumPy's: `yᵢ = x₀ + … + xᵢ`; `exclusive` leaves `xᵢ` out, `reverse` adds from the end.",
  operands: ["x"],
  form: "like",
  call: (x, axis = -1, options = {}) => ({ operands: [x], attrs: scanAttrs(x, axis, options) }),
  infer: ([x], { axis }) => {
    expectScannable("cumsum", "x", x!, axis);
    return [x!];
  },
  lower: scanning({ first: (x) => x(0), identity: 0, next: (sum, x) => e.add(sum, x(0)) }),
  vjp: ({ g, attrs: { axis, reverse, exclusive } }) => [cumsum(g, axis, { reverse: !reverse, exclusive })],
  onnx: { type: "CumSum", attrs: { reverse: "reverse", exclusive: "exclusive" } },
  samples: [
    byHand([t("f32", [4], [1, 2, 3, 4])], forward, t("f32", [4], [1, 3, 6, 10])),
    byHand([t("f32", [4], [1, 2, 3, 4])], backward, t("f32", [4], [10, 9, 7, 4])),
    byHand([t("f32", [3], [1, 2, 3])], { ...forward, exclusive: true }, t("f32", [3], [0, 1, 3])),
    byHand([t("f32", [3], [1, 2, 3])], { ...backward, exclusive: true }, t("f32", [3], [5, 3, 0])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], forward, t("f32", [2, 3], [1, 2, 3, 5, 7, 9])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { ...forward, axis: 1 }, t("f32", [2, 3], [1, 3, 6, 4, 9, 15])),
    byHand(
      [t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      { axis: 1, reverse: true, exclusive: true },
      t("f32", [2, 2, 2], [3, 4, 0, 0, 7, 8, 0, 0]),
    ),
    byHand([t("i32", [3], [2147483647, 1, 5])], forward, t("i32", [3], [2147483647, -2147483648, -2147483643])),
    byHand([t("f32", [3], [1, NaN, 2])], forward, t("f32", [3], [1, NaN, NaN])),
    byHand([t("f32", [2, 0], [])], { ...forward, axis: 1 }, t("f32", [2, 0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [3])],
      attrs: forward,
      message: "DTypeError: cumsum: x is bool, but cumsum needs f32, f64 or i32",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { ...forward, axis: 1 },
      message: "ShapeError: cumsum: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

export const cumprod: Op<"like", ScanAttrs, ScanArgs> = defineOp("cumprod", {
  doc: "The running product along an axis, the last where none is given, as NumPy's: `yᵢ = x₀ · … · xᵢ`; `exclusive` leaves `xᵢ` out, `reverse` multiplies from the end. The gradient divides by nothing, so zeros do it no harm.",
  operands: ["x"],
  form: "like",
  call: (x, axis = -1, options = {}) => ({ operands: [x], attrs: scanAttrs(x, axis, options) }),
  infer: ([x], { axis }) => {
    expectScannable("cumprod", "x", x!, axis);
    return [x!];
  },
  lower: scanning({ first: (x) => x(0), identity: 1, next: (product, x) => e.mul(product, x(0)) }),
  // ∂/∂xⱼ = (the product before j) · sⱼ, where sⱼ = gⱼ + xⱼ₊₁·sⱼ₊₁ adds up the products from j + 1 on, weighted by g.
  vjp: ({ g, operands: [x], attrs: { axis, reverse, exclusive } }) => {
    const before = cumprod(x!, axis, { reverse, exclusive: true });
    const back = { reverse: !reverse };
    if (!exclusive) return [mul(before, linearRecurrence(delayed(x!, axis, !reverse), g, axis, back))];
    return [mul(before, delayed(linearRecurrence(x!, g, axis, back), axis, !reverse))];
  },
  samples: [
    byHand([t("f32", [4], [1, 2, 3, 4])], forward, t("f32", [4], [1, 2, 6, 24])),
    byHand([t("f32", [4], [1, 2, 3, 4])], backward, t("f32", [4], [24, 24, 12, 4])),
    byHand([t("f32", [4], [2, 0, 3, 4])], forward, t("f32", [4], [2, 0, 0, 0])),
    byHand([t("f32", [4], [2, 0, 3, 0])], backward, t("f32", [4], [0, 0, 0, 0])),
    byHand([t("f32", [3], [2, 3, 4])], { ...forward, exclusive: true }, t("f32", [3], [1, 2, 6])),
    byHand([t("f32", [3], [2, 0, 4])], { ...backward, exclusive: true }, t("f32", [3], [0, 4, 1])),
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], forward, t("f32", [2, 3], [1, 2, 3, 4, 10, 18])),
    byHand([t("i32", [2, 2], [3, -2, 5, 4])], { ...forward, axis: 1 }, t("i32", [2, 2], [3, -6, 5, 20])),
    byHand([t("f32", [0, 2], [])], { ...forward, exclusive: true }, t("f32", [0, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("u8", [3])],
      attrs: forward,
      message: "DTypeError: cumprod: x is u8, but cumprod needs f32, f64 or i32",
    },
    {
      operands: [tensorType("f32", [])],
      attrs: forward,
      message: "ShapeError: cumprod: axis 0 is out of range: a scalar has none",
    },
  ],
});

type RecurrenceArgs = [a: Operand, b: Operand, axis?: number, options?: { readonly reverse?: boolean }];

export const linearRecurrence: Op<"like", ScanAttrs, RecurrenceArgs> = defineOp("linearRecurrence", {
  doc: "A first-order linear recurrence along an axis, the last where none is given: `h₀ = b₀`, `hᵢ = aᵢ · hᵢ₋₁ + bᵢ`; `reverse` starts from the end.",
  operands: ["a", "b"],
  form: "like",
  call: (a, b, axis = -1, { reverse } = {}) => ({ operands: [a, b], attrs: scanAttrs(a, axis, { reverse }) }),
  infer: ([a, b], { axis }) => {
    expectSameDType("a", a!, "b", b!);
    expectSameShape("a", a!, "b", b!);
    expectScannable("linearRecurrence", "a", a!, axis);
    return [b!];
  },
  lower: scanning({
    first: (operand) => operand(1),
    identity: 0,
    next: (h, operand) => e.add(e.mul(operand(0), h), operand(1)),
  }),
  // λᵢ = gᵢ + aᵢ₊₁·λᵢ₊₁ is what reaches hᵢ: the same recurrence from the other end.
  vjp: ({ g, operands: [a], results: [h], attrs: { axis, reverse } }) => {
    const reaching = linearRecurrence(delayed(a!, axis, !reverse), g, axis, { reverse: !reverse });
    return [mul(reaching, delayed(h!, axis, reverse)), reaching];
  },
  samples: [
    byHand([t("f32", [3], [9, 2, 3]), t("f32", [3], [1, 2, 3])], forward, t("f32", [3], [1, 4, 15])),
    byHand([t("f32", [3], [2, 0, 9]), t("f32", [3], [1, 2, 3])], backward, t("f32", [3], [5, 2, 3])),
    byHand(
      [t("f32", [2, 3], [5, 5, 5, 2, 3, 4]), t("f32", [2, 3], [1, 2, 3, 1, 1, 1])],
      forward,
      t("f32", [2, 3], [1, 2, 3, 3, 7, 13]),
    ),
    byHand([t("f32", [1], [NaN]), t("f32", [1], [7])], forward, t("f32", [1], [7])),
    byHand([t("i32", [3], [0, 10, 10]), t("i32", [3], [1, 2, 3])], forward, t("i32", [3], [1, 12, 123])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [4])],
      attrs: forward,
      message: "ShapeError: linearRecurrence: a has shape [3] but b has shape [4]",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("f64", [3])],
      attrs: forward,
      message: "DTypeError: linearRecurrence: a is f32 but b is f64",
    },
    {
      operands: [tensorType("bool", [3]), tensorType("bool", [3])],
      attrs: forward,
      message: "DTypeError: linearRecurrence: a is bool, but linearRecurrence needs f32, f64 or i32",
    },
  ],
});
