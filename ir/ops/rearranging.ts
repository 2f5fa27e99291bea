// Ops that repeat, turn round or rotate: tile, flip, roll.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { type Axes, normalizeAxes, normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { mulSizes, printShape, printSize, type Size } from "../size.js";
import { tensorType } from "../type.js";
import { broadcast, reshape } from "./movement.js";
import { reverse } from "./slicing.js";

type TileAttrs = { repeats: readonly Size[] };

export const tile: Op<"own", TileAttrs, [x: Operand, repeats: Size | readonly Size[]]> = defineOp("tile", {
  doc: "`x` side by side with itself, `repeats[a]` times along axis a, as NumPy's tile: `y[i, …] = x[i mod n, …]`. Missing repeats are 1, aligned right; further ones make new axes in front.",
  operands: ["x"],
  form: "own",
  call: (x, repeats) => {
    const list = Array.isArray(repeats) ? (repeats as readonly Size[]) : [repeats as Size];
    const missing = Math.max(0, x.type.shape.length - list.length);
    return { operands: [x], attrs: { repeats: [...Array<Size>(missing).fill(1), ...list] } };
  },
  infer: ([x], { repeats }) => {
    const { shape, dtype } = x!;
    if (repeats.length < shape.length) {
      throw new ShapeError(`${repeats.length} repeats for the ${shape.length} axes of ${printShape(shape)}`);
    }
    repeats.forEach((times, axis) => {
      if (typeof times === "number" && !(Number.isInteger(times) && times >= 0)) {
        throw new ShapeError(`axis ${axis} cannot be repeated ${printSize(times)} times`);
      }
    });
    const own = [...Array<Size>(repeats.length - shape.length).fill(1), ...shape];
    return [
      tensorType(
        dtype,
        own.map((size, axis) => mulSizes(size, repeats[axis]!)),
      ),
    ];
  },
  lower: {
    kind: "compose",
    // [n] → [times, n] → [times · n]
    expand: ([x], { repeats }) => {
      const { shape } = x!.type;
      const own = [...Array<Size>(repeats.length - shape.length).fill(1), ...shape];
      const apart = own.flatMap((size, axis) => [repeats[axis]!, size]);
      const axes = shape.map((_, axis) => 2 * (repeats.length - shape.length + axis) + 1);
      return [
        reshape(
          broadcast(x!, apart, axes),
          own.map((size, axis) => mulSizes(size, repeats[axis]!)),
        ),
      ];
    },
  },
  onnx: { type: "Tile" },
  samples: [
    byHand([t("f32", [2], [1, 2])], { repeats: [3] }, t("f32", [6], [1, 2, 1, 2, 1, 2])),
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4])],
      { repeats: [2, 2] },
      t("f32", [4, 4], [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4]),
    ),
    byHand([t("i32", [2], [1, 2])], { repeats: [2, 1] }, t("i32", [2, 2], [1, 2, 1, 2])),
    byHand([t("f32", [2], [1, 2])], { repeats: [0] }, t("f32", [0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 2])],
      attrs: { repeats: [2] },
      message: "ShapeError: tile: 1 repeats for the 2 axes of [2,2]",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { repeats: [-1] },
      message: "ShapeError: tile: axis 0 cannot be repeated -1 times",
    },
  ],
});

export const flip: Op<"like", { axes: readonly number[] }, [x: Operand, axes?: Axes]> = defineOp("flip", {
  doc: "What NumPy calls `reverse`: elements in the opposite order along some axes, all where none are given, `y[i] = x[n − 1 − i]`.",
  operands: ["x"],
  form: "like",
  call: (x, axes) => ({ operands: [x], attrs: { axes: normalizeAxes(axes, x.type) } }),
  infer: ([x], { axes }) => {
    normalizeAxes(axes, x!);
    return [x!];
  },
  lower: { kind: "compose", expand: ([x], { axes }) => [reverse(x!, axes)] },
  samples: [byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { axes: [1] }, t("f32", [2, 3], [3, 2, 1, 6, 5, 4]))],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [2] },
      message: "ShapeError: flip: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
  ],
});

type RollAttrs = { shifts: readonly number[]; axes: readonly number[] };

export const roll: Op<"like", RollAttrs, [x: Operand, shift: number | readonly number[], axis?: Axes]> = defineOp(
  "roll",
  {
    doc: "Elements moved on by `shift` along an axis, the last where none is given, and back to its start beyond its end: `y[i] = x[(i − shift) mod n]`; a list of shifts goes with a list of axes.",
    operands: ["x"],
    form: "like",
    call: (x, shift, axis = -1) => {
      const axes = typeof axis === "number" ? [axis] : axis;
      return {
        operands: [x],
        attrs: { shifts: typeof shift === "number" ? [shift] : shift, axes: axes.map((a) => normalizeAxis(a, x.type)) },
      };
    },
    infer: ([x], { shifts, axes }) => {
      if (shifts.length !== axes.length) throw new ShapeError(`${shifts.length} shifts for ${axes.length} axes`);
      normalizeAxes(axes, x!);
      const part = shifts.find((shift) => !Number.isInteger(shift));
      if (part !== undefined) throw new ShapeError(`the shift ${part} is not an integer`);
      return [x!];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { shifts, axes } = k.attrs;
        const { shape } = k.operands[0]!;
        return k.read(
          0,
          index.map((i, axis) => {
            const [at, size] = [axes.indexOf(axis), Math.max(1, shape[axis]!)];
            if (at < 0) return i;
            const back = ((-shifts[at]! % size) + size) % size;
            return e.floorMod(e.add(i, e.literal(back)), size);
          }),
        );
      },
    },
    vjp: ({ g, attrs: { shifts, axes } }) => [
      roll(
        g,
        shifts.map((shift) => -shift),
        axes,
      ),
    ],
    simplify: [
      {
        name: "roll x by 0 → x",
        apply: (node, [x]) => ((node.attrs as RollAttrs).shifts.every((shift) => shift === 0) ? x! : null),
      },
    ],
    samples: [
      byHand([t("f32", [4], [1, 2, 3, 4])], { shifts: [1], axes: [0] }, t("f32", [4], [4, 1, 2, 3])),
      byHand([t("i32", [4], [1, 2, 3, 4])], { shifts: [-5], axes: [0] }, t("i32", [4], [2, 3, 4, 1])),
      byHand(
        [t("f32", [2, 3], [1, 2, 3, 4, 5, 6])],
        { shifts: [1, 2], axes: [0, 1] },
        t("f32", [2, 3], [5, 6, 4, 2, 3, 1]),
      ),
      byHand([t("f32", [0], [])], { shifts: [1], axes: [0] }, t("f32", [0], [])),
    ],
    rejects: [
      {
        operands: [tensorType("f32", [2, 3])],
        attrs: { shifts: [1], axes: [0, 1] },
        message: "ShapeError: roll: 1 shifts for 2 axes",
      },
      {
        operands: [tensorType("f32", [2, 3])],
        attrs: { shifts: [0.5], axes: [0] },
        message: "ShapeError: roll: the shift 0.5 is not an integer",
      },
      {
        operands: [tensorType("f32", [2, 3])],
        attrs: { shifts: [1], axes: [2] },
        message: "ShapeError: roll: axis 2 is out of range: rank 2 has axes -2 to 1",
      },
    ],
  },
);
