// What the ops that map another op over a batch share: the other op in their attributes, its types, and its gradient.
import { BatchingOwner, elementType } from "./batching.js";
import { GradientError, GraphError, ShapeError } from "./errors.js";
import type { Expr } from "./expr.js";
import { bring } from "./forms.js";
import type { Attrs, Operand } from "./node.js";
import type { AnyOp, Index, OperandReader, OpRecord, Pullback } from "./op.js";
import { opNamed } from "./op-names.js";
import { sum } from "./ops/reductions.js";
import { printSize, sameSize, type Size } from "./size.js";
import { type ConcreteType, printType, tensorType, type TensorType } from "./type.js";

/** The op by name, its attributes, and which operands have the axis of the batch in front. */
export type MappedAttrs = { op: string; attrs: Attrs; mapped: readonly boolean[] };
export type MappedArgs = [xs: readonly Operand[], op: string, attrs: Attrs, mapped: readonly boolean[]];

type Shared = "operands" | "form" | "call" | "infer" | "vjp" | "asksUser" | "many";

/** The fields of a record that do not depend on how the other op is computed. */
export function mappedRecord(kind: AnyOp["lower"]["kind"]): Pick<OpRecord<"own", MappedAttrs, MappedArgs>, Shared> {
  return {
    operands: ["x…"],
    form: "own",
    many: true,
    call: (xs, op, attrs, mapped) => ({ operands: xs, attrs: { op, attrs, mapped } }),
    infer: (types, attrs) => {
      const op = opNamed(attrs.op);
      if (op.lower.kind !== kind) throw new GraphError(`${op.name} is of another kind`);
      const size = batchSize(types, attrs.mapped);
      const inner = op.infer(types.map((type, i) => (attrs.mapped[i] ? elementType(type) : type)), attrs.attrs); // prettier-ignore
      return (inner as readonly TensorType[]).map(({ dtype, shape }) => tensorType(dtype, [size, ...shape]));
    },
    vjp: pullBack,
    asksUser: ({ op, attrs }) => opNamed(op).asksUser?.(attrs) ?? false,
  };
}

/** The common size of axis 0 of the mapped operands. */
function batchSize(types: readonly TensorType[], mapped: readonly boolean[]): Size {
  if (mapped.length !== types.length) throw new ShapeError(`${mapped.length} marks for ${types.length} operands`);
  const batches = types.filter((_, i) => mapped[i]);
  if (batches.length === 0) throw new ShapeError("no operand is mapped");
  const [size, ...others] = batches.map((type) => {
    if (type.shape.length === 0) throw new ShapeError(`${printType(type)} has no axis to map over`);
    return type.shape[0]!;
  });
  const other = others.find((one) => !sameSize(one, size!));
  if (other !== undefined)
    throw new ShapeError(`the batches have ${printSize(size!)} and ${printSize(other)} elements`);
  return size!;
}

/** The gradient rule of the op, mapped over the batch; what is the same for all elements gets the sum of what they say. */
function pullBack({ cotangents, results, operands, attrs }: Pullback<MappedAttrs>): readonly (Operand | null)[] {
  const op = opNamed(attrs.op);
  if (!op.vjp) throw new GradientError(`grad: ${op.name} is not differentiable`);
  const given = cotangents.filter((g) => g !== null);
  const outer = operands[0]!.owner;
  const owner = new BatchingOwner(given.every((g) => g.owner === outer) ? outer : given[0]!.owner, results[0]!.type.shape[0]!); // prettier-ignore
  const here = (x: Operand) => bring(x, owner.outer);
  const elements = cotangents.map((g) => g && owner.map(here(g)));
  const flowing = op.vjp({
    g: elements.find((g) => g !== null)!,
    cotangents: elements,
    results: results.map((y) => owner.map(here(y))),
    operands: operands.map((x, i) => (attrs.mapped[i] ? owner.map(here(x)) : owner.lift(here(x)))),
    attrs: attrs.attrs,
  }) as readonly (Operand | null)[];
  return flowing.map((cotangent, i) => {
    if (!cotangent) return null;
    const all = owner.collect(cotangent);
    return attrs.mapped[i] ? all : sum(all, 0);
  });
}

/** What the lowering of the op sees of one element of the batch, given what a lowering of the whole sees. Without `batch`: no elements. */
export function elementReader<R extends OperandReader<MappedAttrs>>(k: R, batch?: Expr): R {
  const { attrs, mapped } = k.attrs;
  const strip = ({ dtype, shape }: ConcreteType): ConcreteType => ({ dtype, shape: shape.slice(1) });
  // One index for one index, so that what reads an element twice is seen to do so.
  const places = new Map<Index, Index>();
  const at = (index: Index): Index => {
    if (!places.has(index)) places.set(index, [batch!, ...index]);
    return places.get(index)!;
  };
  return {
    ...k,
    attrs: attrs as MappedAttrs,
    operands: k.operands.map((type, i) => (mapped[i] ? strip(type) : type)),
    results: k.results.map(strip),
    read: (operand: number, index: Index) => k.read(operand, mapped[operand] ? at(index) : index),
  };
}
