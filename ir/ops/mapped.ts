// An op mapped over a batch, as an op: `mapped` of ops that are computed element by element, and one for each other kind
// of lowering. They come of vmap and of the gradients of one another.
import { BatchingOwner } from "../batching.js";
import { defineOp } from "../define-op.js";
import { InternalError } from "../errors.js";
import type { Expr } from "../expr.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Index, type Lowering, type Op, t } from "../op.js";
import { elementReader, type MappedArgs, type MappedAttrs, mappedRecord } from "../mapped-call.js";
import { opNamed } from "../op-names.js";
import { tensorType } from "../type.js";

type Mapped = Op<"own", MappedAttrs, MappedArgs, readonly Operand[]>;
type Kind = Lowering<Attrs>["kind"];

/** The lowering of the op that is mapped. */
function lowering<K extends Kind>(kind: K, { op }: MappedAttrs): Extract<Lowering<Attrs>, { readonly kind: K }> {
  const { lower } = opNamed(op);
  if (lower.kind !== kind) throw new InternalError(`mapped: ${op} is of kind ${lower.kind}, not ${kind}`);
  return lower as Extract<Lowering<Attrs>, { readonly kind: K }>;
}

export const mapped: Mapped = defineOp("mapped", {
  doc: "An op that is computed element by element, for every element of a batch: `y[b] = op(x[b])`, `x` where it is not mapped.",
  ...mappedRecord("compute"),
  lower: {
    kind: "compute",
    at: ([batch, ...index], k, result) => lowering("compute", k.attrs).at(index, elementReader(k, batch), result),
  },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [2, 2], [2, 0, 1, 1])],
      { op: "gather", attrs: { axis: 0 }, mapped: [true, true] },
      t("f32", [2, 2], [3, 1, 5, 5]),
    ),
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4]), t("f32", [2, 2], [5, 6, 7, 8])],
      { op: "matmul", attrs: {}, mapped: [true, false] },
      t("f32", [2, 2], [19, 22, 43, 50]),
    ),
    byHand(
      [t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      {
        op: "mapped",
        attrs: { op: "sum", attrs: { axes: [0], keepDims: false }, mapped: [true] },
        mapped: [true],
      },
      t("f32", [2, 2], [3, 7, 11, 15]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [3, 2])],
      attrs: { op: "gather", attrs: { axis: 0 }, mapped: [true, true] },
      message: "ShapeError: mapped: the batches have 2 and 3 elements",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [])],
      attrs: { op: "gather", attrs: { axis: 0 }, mapped: [false, true] },
      message: "ShapeError: mapped: i32[] has no axis to map over",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { op: "twirl", attrs: {}, mapped: [true] },
      message: 'GraphError: mapped: there is no op "twirl"',
    },
  ],
});

export const mappedScatter: Mapped = defineOp("mappedScatter", {
  doc: "An op that puts elements in places, the last one winning, for every element of a batch: `y[b] = op(x[b])`.",
  ...mappedRecord("scatter"),
  lower: scattering("set"),
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [2], [1, 1]), t("f32", [2, 2], [7, 8, 9, 10])],
      { op: "scatter", attrs: { axis: 0 }, mapped: [true, false, true] },
      t("f32", [2, 3], [1, 8, 3, 4, 10, 6]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { op: "neg", attrs: {}, mapped: [true] },
      message: "GraphError: mappedScatter: neg is of another kind",
    },
  ],
});

export const mappedScatterAdd: Mapped = defineOp("mappedScatterAdd", {
  doc: "An op that adds elements up in places, for every element of a batch: `y[b] = op(x[b])`.",
  ...mappedRecord("scatter"),
  lower: scattering("add"),
  samples: [
    byHand(
      [t("f32", [2], [1, 2]), t("i32", [2, 3], [0, 0, 1, 1, 1, 1]), t("f32", [2, 3], [1, 2, 3, 4, 5, 6])],
      { op: "scatterAdd", attrs: { axis: 0 }, mapped: [false, true, true] },
      t("f32", [2, 2], [4, 5, 1, 17]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2]), tensorType("i32", [2, 3]), tensorType("f32", [2, 3])],
      attrs: { op: "scatterAdd", attrs: { axis: 0 }, mapped: [false, false, false] },
      message: "ShapeError: mappedScatterAdd: no operand is mapped",
    },
  ],
});

function scattering(combine: "add" | "set"): Lowering<MappedAttrs> {
  return {
    kind: "scatter",
    combine,
    over: (k) => [k.results[0]!.shape[0]!, ...lowering("scatter", k.attrs).over(elementReader(k))],
    init: ([batch, ...index], k) => lowering("scatter", k.attrs).init(index, elementReader(k, batch)),
    put: ([batch, ...source], k) => {
      const { index, value } = lowering("scatter", k.attrs).put(source, elementReader(k, batch));
      return { index: [batch!, ...index], value };
    },
  };
}

export const mappedRoutine: Mapped = defineOp("mappedRoutine", {
  doc: "An op that is a routine, for every element of a batch: `y[b] = op(x[b])`.",
  ...mappedRecord("routine"),
  lower: {
    kind: "routine",
    over: (k) => [k.results[0]!.shape[0]!, ...lowering("routine", k.attrs).over(elementReader(k))],
    body: ([batch, ...row], k) => {
      const inner = {
        ...elementReader(k, batch),
        store: (index: Index, value: Expr) => k.store([batch!, ...index], value),
        stored: (index: Index) => k.stored([batch!, ...index]),
      };
      return lowering("routine", k.attrs).body(row, inner);
    },
  },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6])],
      { op: "cumsum", attrs: { axis: 0, exclusive: false, reverse: false }, mapped: [true] },
      t("f32", [2, 3], [1, 3, 6, 4, 9, 15]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { op: "neg", attrs: {}, mapped: [true] },
      message: "GraphError: mappedRoutine: neg is of another kind",
    },
  ],
});

export const mappedComposite: Mapped = defineOp("mappedComposite", {
  doc: "An op that is composed of others, for every element of a batch: `y[b] = op(x[b])`.",
  ...mappedRecord("compose"),
  lower: {
    kind: "compose",
    expand: (xs, attrs) => {
      const size = xs[attrs.mapped.indexOf(true)]!.type.shape[0]!;
      const owner = new BatchingOwner(xs[0]!.owner, size);
      const elements = xs.map((x, i) => (attrs.mapped[i] ? owner.map(x) : owner.lift(x)));
      return lowering("compose", attrs).expand(elements, attrs.attrs).map((y) => owner.collect(y)); // prettier-ignore
    },
  },
  samples: [
    byHand(
      [t("f32", [2, 1, 2], [5, 5, 5, 5]), t("i32", [2, 1], [0, 1])],
      { op: "softmaxCrossEntropy", attrs: { axis: 1 }, mapped: [true, true] },
      t("f32", [2, 1], [Math.LN2, Math.LN2]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { op: "neg", attrs: {}, mapped: [true] },
      message: "GraphError: mappedComposite: neg is of another kind",
    },
  ],
});
