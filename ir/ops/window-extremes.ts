// What max pooling and its gradients are composed of: the largest element of each window, where it lies, and ways there
// and back. Nothing scatters: an element asks the few windows that cover it.
import { defineOp } from "../define-op.js";
import { type DType, isFloat } from "../dtype.js";
import { expectDType } from "../elementwise.js";
import { DTypeError } from "../errors.js";
import * as e from "../expr.js";
import { identityOf } from "../kernel.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectSamePlaces, overElements, overWindows, type SlidingAttrs, slidType } from "../sliding.js";
import { type TensorType, tensorType } from "../type.js";

/** A place no element has: of windows that have none. */
const nowhere = 2 ** 31 - 1;

export const windowMax: Op<"own", SlidingAttrs, [x: Operand, attrs: SlidingAttrs]> = defineOp("windowMax", {
  doc: "The largest element of each window over the last axes, NaN where one is NaN; what lies outside does not count: `y[…, p] = max x[…, p · stride + t · dilation − low]`. Its gradient goes to the first of equals.",
  operands: ["x"],
  form: "own",
  call: (x, attrs) => ({ operands: [x], attrs }),
  infer: ([x], attrs) => {
    expectDType("windowMax", "x", x!, "number");
    return [slidType(x!, attrs)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { dtype } = k.results[0]!;
      return overElements("max", index, k, (at) => k.read(0, at), e.literal(identityOf("max", dtype), dtype));
    },
  },
  vjp: ({ g, operands: [x], results: [y], attrs }) => {
    const spatial = x!.type.shape.slice(x!.type.shape.length - attrs.window.length);
    return [windowPut(g, windowMaxAt(x!, y!, attrs), { ...attrs, size: spatial })];
  },
  samples: [
    byHand([t("f32", [2, 5], [1, 3, 2, 5, 4, 9, 8, 7, 6, 5])], overlapping(2), t("f32", [2, 2], [3, 5, 9, 7])),
    byHand([t("f32", [3], [-3, -1, -2])], { ...overlapping(2), low: [1] }, t("f32", [2], [-1, -1])),
    byHand([t("i32", [2, 2], [4, 1, 2, 3])], square(1), t("i32", [1, 1], [4])),
    {
      operands: [t("f32", [5], [1, NaN, 0, -Infinity, -Infinity])],
      attrs: { window: [2], stride: [1], dilation: [1], low: [0], size: [4] },
      results: [t("f32", [4], [NaN, NaN, 0, -Infinity])],
      from: "by hand",
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("bool", [5])],
      attrs: overlapping(2),
      message: "DTypeError: windowMax: x is bool, but windowMax needs f32, f64, i32 or u8",
    },
    {
      operands: [tensorType("f32", [5])],
      attrs: square(1),
      message: "ShapeError: windowMax: x has rank 1, too few for windows of 2 axes",
    },
  ],
});

export const windowMaxAt: Op<"own", SlidingAttrs, [x: Operand, y: Operand, attrs: SlidingAttrs]> = defineOp(
  "windowMaxAt",
  {
    doc: "Where in `x` the first element lies that is each window's largest, `y`: its row-major place among the windowed axes.",
    operands: ["x", "y"],
    form: "own",
    call: (x, y, attrs) => ({ operands: [x, y], attrs }),
    infer: ([x, y], attrs) => {
      const type = slidType(x!, attrs);
      expectSamePlaces("y", y!, "the result of the windows", type);
      return [tensorType("i32", type.shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const y = k.read(1, index);
        const place = (at: readonly e.Expr[], flat: e.Expr) => {
          const x = k.read(0, at);
          const hit = e.call("eq", x, y);
          return e.select(isFloat(x.dtype) ? e.call("or", hit, e.call("ne", x, x)) : hit, flat, e.literal(nowhere));
        };
        return overElements("min", index, k, place, e.literal(nowhere));
      },
    },
    vjp: () => [null, null],
    samples: [
      byHand(
        [t("f32", [2, 5], [1, 3, 3, 5, 4, 9, 9, 9, 6, 5]), t("f32", [2, 2], [3, 5, 9, 9])],
        overlapping(2),
        t("i32", [2, 2], [1, 3, 0, 2]),
      ),
      byHand(
        [t("f32", [2, 3], [1, 2, 4, 3, 4, 4]), t("f32", [1, 2], [4, 4])],
        { ...square(1), size: [1, 2] },
        t("i32", [1, 2], [4, 2]),
      ),
      {
        operands: [t("f32", [3], [1, NaN, NaN]), t("f32", [1], [NaN])],
        attrs: overlapping(1),
        results: [t("i32", [1], [1])],
        from: "by hand",
      },
    ],
    rejects: [
      {
        operands: [tensorType("f32", [2, 5]), tensorType("f32", [2, 3])],
        attrs: overlapping(2),
        message: "ShapeError: windowMaxAt: y has shape [2,3] but the result of the windows has [2,2]",
      },
    ],
  },
);

export const windowPut: Op<"own", SlidingAttrs, [g: Operand, at: Operand, attrs: SlidingAttrs]> = defineOp(
  "windowPut",
  {
    doc: "What belongs to each window, put where `at` says and added up there: `y[…, i] = Σ g[…, p]` over the windows p with `at[…, p] = i`; `size` are the sizes of `y`. An element asks the windows that cover it.",
    operands: ["g", "at"],
    form: "own",
    call: (g, at, attrs) => ({ operands: [g, at], attrs }),
    infer: ([g, at], attrs) => {
      expectDType("windowPut", "g", g!, "number");
      expectPlaces(at!);
      expectSamePlaces("g", g!, "at", at!);
      return [slidType(g!, attrs)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const zero = e.literal(0, k.results[0]!.dtype);
        return overWindows(index, k, (at, _, flat) => e.select(e.call("eq", k.read(1, at), flat), k.read(0, at), zero));
      },
    },
    vjp: ({ g, operands: [own, at], attrs }) => [windowTake(g, at!, { ...attrs, size: spatialOf(own!, attrs) }), null],
    samples: [
      {
        operands: [t("f32", [1, 2], [10, 100]), t("i32", [1, 2], [2, 2])],
        attrs: { ...overlapping(2), size: [5] },
        results: [t("f32", [1, 5], [0, 0, 110, 0, 0])],
        from: "by hand",
      },
      {
        operands: [t("f32", [2, 2], [1, 2, 3, 4]), t("i32", [2, 2], [0, 2, 4, 4])],
        attrs: { ...square(1), size: [3, 3] },
        results: [t("f32", [3, 3], [1, 0, 2, 0, 7, 0, 0, 0, 0])],
        from: "by hand",
      },
    ],
    rejects: [
      {
        operands: [tensorType("f32", [2]), tensorType("f32", [2])],
        attrs: overlapping(5),
        message: "DTypeError: windowPut: at is f32, not i32",
      },
    ],
  },
);

export const windowTake: Op<"own", SlidingAttrs, [x: Operand, at: Operand, attrs: SlidingAttrs]> = defineOp(
  "windowTake",
  {
    doc: "The element of each window that `at` says: `y[…, p] = x[…, at[…, p]]`, 0 where the place is not in the window.",
    operands: ["x", "at"],
    form: "own",
    call: (x, at, attrs) => ({ operands: [x, at], attrs }),
    infer: ([x, at], attrs) => {
      expectDType("windowTake", "x", x!, "number");
      expectPlaces(at!);
      const type = slidType(x!, attrs);
      expectSamePlaces("at", at!, "the result of the windows", type);
      return [type];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const zero = e.literal(0, k.results[0]!.dtype);
        const own = k.read(1, index);
        const term = (at: readonly e.Expr[], flat: e.Expr) => e.select(e.call("eq", own, flat), k.read(0, at), zero);
        return overElements("sum", index, k, term, zero);
      },
    },
    vjp: ({ g, operands: [x, at], attrs }) => [windowPut(g, at!, { ...attrs, size: spatialOf(x!, attrs) }), null],
    samples: [
      {
        operands: [t("f32", [1, 5], [1, 2, 3, 4, 5]), t("i32", [1, 2], [2, 2])],
        attrs: overlapping(2),
        results: [t("f32", [1, 2], [3, 3])],
        from: "by hand",
      },
      {
        operands: [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [1, 2], [3, 2])],
        attrs: { ...square(1), size: [1, 2] },
        results: [t("f32", [1, 2], [4, 3])],
        from: "by hand",
      },
    ],
    rejects: [
      {
        operands: [tensorType("f32", [5]), tensorType("u8", [2])],
        attrs: overlapping(2),
        message: "DTypeError: windowTake: at is u8, not i32",
      },
    ],
  },
);

/** Windows of 3, two apart: neighbours share an element. */
function overlapping(size: number): SlidingAttrs {
  return { window: [3], stride: [2], dilation: [1], low: [0], size: [size] };
}

function square(size: number): SlidingAttrs {
  return { window: [2, 2], stride: [1, 1], dilation: [1, 1], low: [0, 0], size: [size, size] };
}

function spatialOf(x: Operand, { window }: SlidingAttrs) {
  return x.type.shape.slice(x.type.shape.length - window.length);
}

function expectPlaces({ dtype }: TensorType): void {
  const places: DType = "i32";
  if (dtype !== places) throw new DTypeError(`at is ${dtype}, not ${places}`);
}
