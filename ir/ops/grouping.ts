// Scattered additions by destination: places grouped by the index they have, and sums over the groups. The pass
// `group-scatters` makes them of `scatterAdd` where each row of a large table had better add up what belongs to it.
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { normalizeAxis, scalarLike } from "../forms.js";
import { expectIndices } from "../indices.js";
import type { Operand } from "../node.js";
import { byHand, type Op, type RoutineReader, t } from "../op.js";
import { provablyLess } from "../shape.js";
import { addSizes, elementCount, printShape, printSize, sameShape, type Size, toSize } from "../size.js";
import { aboutLoop, get, index, lanes, loop, put, set, variable } from "../statements.js";
import { subjectOf } from "../subject.js";
import { tensorType } from "../type.js";
import { gather } from "./indexing.js";
import { broadcast } from "./movement.js";
import { cumsum } from "./scans.js";
import { scatter, scatterAdd } from "./scattering.js";
import { slice } from "./slicing.js";

/** `what` names the indices where one is out of range. */
type GroupAttrs = { depth: Size; what?: string };

export const groupIndices: Op<"own", GroupAttrs, [indices: Operand, depth: Size]> = defineOp("groupIndices", {
  doc: "Where every number from 0 to before `depth` stands among the indices, by a counting sort: the places of `d`, in order, are `y[depth + 1 + i]` for `y[d] ≤ i < y[d + 1]`.",
  operands: ["indices"],
  form: "own",
  call: (indices, depth) => ({ operands: [indices], attrs: { depth: toSize(depth) } }),
  infer: ([indices], { depth }) => {
    expectIndices(indices!);
    if (provablyLess(depth, 1)) throw new ShapeError(`the depth ${printSize(depth)} leaves no room for an index`);
    return [tensorType("i32", [addSizes(addSizes(elementCount(indices!.shape), depth), 1)])];
  },
  lower: {
    kind: "routine",
    over: () => [],
    body: (_, k) => {
      const { shape } = k.operands[0]!;
      const depth = k.attrs.depth as number;
      const count = shape.reduce((n, size) => n * size, 1);
      const one = e.literal(1);
      const cursor = (d: e.Expr) => e.add(d, one);
      const { noun } = subjectOf({ op: groupIndices, attrs: k.attrs });
      const each = (body: (i: e.Expr, at: e.Expr) => ReturnType<typeof k.store>[], check: boolean) =>
        loop(k, count, (i) => {
          const found = index(k, k.read(0, unravel(shape, i)), depth);
          const inside = e.and(
            e.call("ge", e.local(found.local.name, "i32"), e.literal(0)),
            e.call("lt", e.local(found.local.name, "i32"), e.literal(depth)),
          );
          const message = `${noun} {value} is out of range 0 to ${depth - 1}`;
          return [found.declare, ...(check ? [k.check(inside, found.local, message)] : []), ...body(i, found.local)];
        });
      const carry = variable(k, "start", e.literal(0));
      return [
        lanes(k, e.literal(depth + 1), depth + 1, (d) => [k.store([d], e.literal(0))]),
        // How often each occurs, one place further on, where its cursor will be.
        each((_i, d) => [k.store([cursor(d)], e.add(k.stored([cursor(d)]), one))], true),
        carry.declare,
        loop(k, depth, (d) => {
          const times = variable(k, "times", k.stored([cursor(d)]));
          return [times.declare, k.store([cursor(d)], carry.local), set(carry.local, e.add(carry.local, times.local))];
        }),
        // Behind its last place a cursor stands where the next number begins.
        each((i, d) => {
          const at = index(k, k.stored([cursor(d)]), count);
          return [at.declare, k.store([e.add(at.local, e.literal(depth + 1))], i), k.store([cursor(d)], cursor(at.local))]; // prettier-ignore
        }, false),
      ];
    },
  },
  vjp: () => [null],
  samples: [
    byHand([t("i32", [4], [2, 0, 2, 0])], { depth: 3 }, t("i32", [8], [0, 2, 2, 4, 1, 3, 0, 2])),
    byHand([t("i32", [2, 2], [0, 0, 0, 0])], { depth: 1 }, t("i32", [6], [0, 4, 0, 1, 2, 3])),
    byHand([t("i32", [0], [])], { depth: 2 }, t("i32", [3], [0, 0, 0])),
    byHand([t("i32", [], [1])], { depth: 2 }, t("i32", [4], [0, 0, 1, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { depth: 3 },
      message: "DTypeError: groupIndices: indices are f32, not i32",
    },
    {
      operands: [tensorType("i32", [3])],
      attrs: { depth: 0 },
      message: "ShapeError: groupIndices: the depth 0 leaves no room for an index",
    },
  ],
});

type AddArgs = [x: Operand, groups: Operand, updates: Operand, axis?: number];
type AxisAttrs = { axis: number };

/** Columns that one row of the space takes: all of them where they are not many more. */
const width = 256;
const widest = 512;

export const addGroups: Op<"like", AxisAttrs, AddArgs> = defineOp("addGroups", {
  doc: "`x` with slices of `updates` added up along an axis: to slice `d` those whose places `groupIndices` has found for `d`, in order, `y[d, j…] = x[d, j…] + Σ updates[groups[depth + 1 + i], j…]` over `groups[d] ≤ i < groups[d + 1]`. Places that are none are taken to be the nearest.",
  operands: ["x", "groups", "updates"],
  form: "like",
  call: (x, groups, updates, axis = 0) => ({
    operands: [x, groups, updates],
    attrs: { axis: normalizeAxis(axis, x.type) },
  }),
  infer: ([x, groups, updates], { axis }) => {
    normalizeAxis(axis, x!);
    expectIndices(groups!);
    expectSameDType("x", x!, "updates", updates!);
    if (x!.dtype === "bool") throw new DTypeError("x is bool, and bools do not add");
    const places = updates!.shape[axis] ?? 0;
    if (updates!.shape.length !== x!.shape.length || !sameShape(updates!.shape, x!.shape.with(axis, places))) {
      const [of, to] = [printShape(updates!.shape), printShape(x!.shape)];
      throw new ShapeError(`updates have shape ${of}, x ${to}: they differ in more than axis ${axis}`);
    }
    const length = addSizes(addSizes(places, x!.shape[axis]!), 1);
    if (groups!.shape.length !== 1 || !sameShape(groups!.shape, [length])) {
      const found = printShape(groups!.shape);
      throw new ShapeError(`groups have shape ${found}, not [${printSize(length)}] as groupIndices gives them`);
    }
    return [x!];
  },
  lower: {
    kind: "routine",
    once: true,
    over: ({ attrs: { axis }, results: [y] }) => {
      return axis < y!.shape.length - 1 ? y!.shape.with(-1, blocksOf(y!.shape.at(-1)!).count) : y!.shape;
    },
    idle: (row, k) => {
      const { from, to } = boundsOf(row, k);
      return { test: e.call("eq", from, to), value: (at) => k.read(0, at) };
    },
    body: (row, k) => {
      const { axis } = k.attrs;
      const { shape, dtype } = k.results[0]!;
      const places = k.operands[2]!.shape[axis]!;
      const along = axis < shape.length - 1;
      const columns = along ? shape.at(-1)! : 1;
      const { size } = blocksOf(columns);
      const first = along ? e.mul(row.at(-1)!, e.literal(size)) : e.literal(0);
      const extent = columns % size === 0 ? e.literal(size) : e.call("minimum", e.literal(size), e.sub(e.literal(columns), first)); // prettier-ignore
      const at = (lane: e.Expr) => (along ? [...row.slice(0, -1), e.add(first, lane)] : row);
      const sums = k.scratch(dtype, size);
      const sum = (lane: e.Expr) => get(sums.name, lane, dtype);
      const each = (body: (lane: e.Expr) => ReturnType<typeof put>) => lanes(k, extent, size, (lane) => [body(lane)]);
      const { from, to } = boundsOf(row, k);
      const start = variable(k, "from", from);
      const depth = shape[axis]!;
      return [
        sums.declare,
        each((lane) => put(sums.name, lane, k.read(0, at(lane)))),
        start.declare,
        aboutLoop(k, e.sub(to, start.local), places, places / depth, (i) => {
          const found = e.add(e.add(start.local, i), e.literal(depth + 1));
          const place = index(k, clamped(k.read(1, [found]), places - 1), places);
          const update = (lane: e.Expr) => k.read(2, at(lane).with(axis, place.local));
          return [place.declare, each((lane) => put(sums.name, lane, e.add(sum(lane), update(lane))))];
        }),
        each((lane) => k.store(at(lane), sum(lane))),
      ];
    },
  },
  vjp: ({ g, operands: [x, groups, updates], attrs: { axis } }) => {
    const row = rowsOfPlaces(groups!, x!.type.shape[axis]!, updates!.type.shape[axis]!);
    return [g, null, gather(g, row, axis)];
  },
  samples: [
    byHand(
      [
        t("f32", [3, 2], [1, 1, 1, 1, 1, 1]),
        t("i32", [7], [0, 1, 1, 3, 1, 0, 2]),
        t("f32", [3, 2], [1, 2, 3, 4, 5, 6]),
      ],
      { axis: 0 },
      t("f32", [3, 2], [4, 5, 1, 1, 7, 9]),
    ),
    byHand(
      [t("i32", [2, 2], [0, 0, 0, 1]), t("i32", [6], [0, 1, 3, 2, 0, 1]), t("i32", [2, 3], [1, 2, 3, 4, 5, 6])],
      { axis: 1 },
      t("i32", [2, 2], [3, 3, 6, 10]),
    ),
    byHand(
      [t("f32", [1, 2, 2], [1, 2, 3, 4]), t("i32", [4], [0, 0, 1, 0]), t("f32", [1, 1, 2], [5, 6])],
      { axis: 1 },
      t("f32", [1, 2, 2], [1, 2, 8, 10]),
    ),
    byHand([t("f32", [2], [1, 2]), t("i32", [3], [0, 0, 0]), t("f32", [0], [])], { axis: 0 }, t("f32", [2], [1, 2])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3, 2]), tensorType("i32", [8]), tensorType("f32", [4, 3])],
      attrs: { axis: 0 },
      message: "ShapeError: addGroups: updates have shape [4,3], x [3,2]: they differ in more than axis 0",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [7]), tensorType("f32", [4])],
      attrs: { axis: 0 },
      message: "ShapeError: addGroups: groups have shape [7], not [8] as groupIndices gives them",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [8]), tensorType("f32", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: addGroups: indices are f32, not i32",
    },
  ],
});

/** The number of every place: how many groups have ended before it in the order of the groups. */
function rowsOfPlaces(groups: Operand, depth: Size, places: Size): Operand {
  const filled = (value: number, size: Size) => broadcast(scalarLike(groups, value), [size]);
  const first = addSizes(depth, 1);
  const ends = slice(groups, [1], [depth]);
  const ended = scatterAdd(filled(0, addSizes(places, 1)), ends, filled(1, depth));
  return scatter(filled(0, places), slice(groups, [first], [places]), slice(cumsum(ended), [0], [places]));
}

/** Where the places of the row's slice begin and end. */
function boundsOf(row: readonly e.Expr[], k: Pick<RoutineReader<AxisAttrs>, "attrs" | "operands" | "read">) {
  const { axis } = k.attrs;
  const places = k.operands[2]!.shape[axis]!;
  const at = (i: e.Expr): e.Expr => clamped(k.read(1, [i]), places);
  return { from: at(row[axis]!), to: at(e.add(row[axis]!, e.literal(1))) };
}

/** An i32 as the nearest in 0 … most. */
function clamped(x: e.Expr, most: number): e.Expr {
  return e.call("maximum", e.literal(0), e.call("minimum", x, e.literal(most)));
}

function blocksOf(columns: number): { readonly size: number; readonly count: number } {
  const size = columns <= widest ? columns : width;
  return { size, count: size === 0 ? 0 : Math.ceil(columns / size) };
}

/** The index of the element at a row-major position. */
function unravel(shape: readonly number[], position: e.Expr): readonly e.Expr[] {
  let inner = 1;
  const parts = shape.toReversed().map((size) => {
    const part = e.floorMod(e.floorDiv(position, inner), size);
    inner *= size;
    return part;
  });
  return parts.toReversed();
}
