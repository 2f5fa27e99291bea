// Maps ops over a batch. A BatchingOwner applies an op to operands that stand for one element of a batch, by applying
// another op to the whole batch for its outer owner: the same op where its form says which attributes to change, its batch
// rule, its expansion, or else `mapped`, which works for every op. It keeps a tape, so that gradients can be taken per
// element, and its outer owner can be another BatchingOwner.
import { GraphError, InternalError } from "./errors.js";
import { bring, leftBatch } from "./forms.js";
import type { Applier, Attrs, Draw, Operand } from "./node.js";
import type { AnyOp, Lowering } from "./op.js";
import { nameOp } from "./op-names.js";
import { input } from "./ops/leaves.js";
import { mapped, mappedComposite, mappedRoutine, mappedScatter, mappedScatterAdd } from "./ops/mapped.js";
import { broadcast } from "./ops/movement.js";
import { randomBits } from "./ops/random.js";
import { printType, sameType, tensorType, type TensorType } from "./type.js";
import type { Size } from "./size.js";

/** An application of an op, as gradients see it. */
interface Made {
  readonly op: AnyOp;
  readonly operands: readonly Operand[];
  readonly attrs: Attrs;
  readonly results: readonly Operand[];
}

/** One element of a batch, or what is the same for all elements. */
export class BatchedOperand implements Operand {
  #node: Made | null;

  constructor(
    readonly owner: BatchingOwner,
    /** The type of one element. */
    readonly type: TensorType,
    /** Of the outer owner; with the axis of the batch in front where it is mapped. */
    readonly inner: Operand,
    readonly mapped: boolean,
    node: Made | null = null,
  ) {
    this.#node = node;
  }

  /** How it was made; for what is the same for all elements, how the outer owner made it. */
  get node(): Made {
    return (this.#node ??= this.mapped ? leafOf(this) : this.owner.madeOutside(nodeOf(this.inner)));
  }

  get from(): string {
    return this.inner.from ?? "";
  }

  /** Throws: the elements of a batch are nothing outside of it. */
  liftInto(): Operand {
    throw leftBatch();
  }
}

/** Applies ops to elements of a batch of `size`, by ops on the whole batch. */
export class BatchingOwner implements Applier {
  readonly mode: "graph" | "eager";
  readonly name: string;
  readonly #lifted = new WeakMap<Operand, BatchedOperand>();
  readonly #outside = new WeakMap<Made, Made>();
  #closed = false;

  constructor(
    readonly outer: Applier,
    readonly size: Size,
  ) {
    this.mode = outer.mode;
    this.name = outer.name ?? "";
  }

  /** What `x` has in one element of the batch, which is its axis 0. */
  map(x: Operand): BatchedOperand {
    return new BatchedOperand(this, elementType(x.type), bring(x, this.outer), true);
  }

  lift(x: Operand): BatchedOperand {
    let lifted = this.#lifted.get(x);
    if (!lifted) this.#lifted.set(x, (lifted = new BatchedOperand(this, x.type, x, false)));
    return lifted;
  }

  /** All elements of `x`, along a new axis 0, for the outer owner. */
  collect(x: Operand): Operand {
    const { inner, mapped: varies, type } = bring(x, this) as BatchedOperand;
    const axes = type.shape.map((_, axis) => axis + 1);
    return varies ? inner : broadcast(inner, [this.size, ...type.shape], axes);
  }

  /** Ends it: what still uses its tensors gets an error. */
  close(): void {
    this.#closed = true;
  }

  apply(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly BatchedOperand[] {
    if (this.#closed) throw leftBatch();
    const xs = operands.map((x) => bring(x, this) as BatchedOperand);
    if (!xs.some((x) => x.mapped)) {
      const inner = xs.map((x) => x.inner);
      return this.outer.apply(op, inner, attrs).map((y) => this.lift(y));
    }
    const types = op.infer(xs.map((x) => x.type), attrs) as readonly TensorType[]; // prettier-ignore
    const found = this.#compute(op, xs, attrs);
    const results: BatchedOperand[] = [];
    const node: Made = { op, operands: xs, attrs, results };
    found.forEach((y, i) => {
      const type = types[i];
      if (!type || !sameType(type, y.type)) {
        throw new InternalError(`batching: ${op.name} gives ${printType(y.type)} where it infers ${type && printType(type)}`); // prettier-ignore
      }
      results.push(new BatchedOperand(this, type, y.inner, y.mapped, node));
    });
    return results;
  }

  #compute(op: AnyOp, xs: readonly BatchedOperand[], attrs: Attrs): readonly BatchedOperand[] {
    const operands = xs.map((x) => x.inner);
    const varies = xs.map((x) => x.mapped);
    const repeated = () => xs.map((x) => this.collect(x));
    const whole = (results: readonly Operand[]) => results.map((y) => this.map(y));
    const byRule = op.batch?.({ operands, mapped: varies, attrs, size: this.size, repeated } as never);
    if (byRule) return whole(byRule);
    const same = attrsOfWhole(op, attrs);
    if (same) return whole(this.outer.apply(op, repeated(), same));
    const lower = op.lower as Lowering<Attrs>;
    if (lower.kind === "compose" && !op.vjp) {
      return lower.expand(xs, attrs).map((y) => bring(y, this) as BatchedOperand);
    }
    nameOp(op);
    return whole(this.outer.apply(mappedOp(lower), operands, { op: op.name, attrs, mapped: varies }));
  }

  /** Random numbers of its own for every element of the batch: under keys that are themselves random numbers. */
  draw(): Draw {
    const [first, second] = [this.outer.draw?.(), this.outer.draw?.()];
    if (!first || !second) throw new GraphError("there is no source of random numbers here");
    const key = (draw: Draw) => this.map(randomBits(draw, [this.size]));
    return { counter: this.lift(first.counter), key0: key(first), key1: key(second) };
  }

  /** What `build` makes comes from where `nodes` came from. */
  inherit<T>(nodes: readonly Made[], build: () => T): T {
    const { outer } = this as { readonly outer: { inherit?: BatchingOwner["inherit"] } };
    const from = nodes.map((node) => nodeOf((node.results[0] as BatchedOperand).inner));
    return outer.inherit ? outer.inherit(from, build) : build();
  }

  /** An application of the outer owner as one of this owner. */
  madeOutside(outside: Made): Made {
    let made = this.#outside.get(outside);
    if (!made) {
      const { op, operands, attrs, results } = outside;
      const lift = (x: Operand) => this.lift(x);
      this.#outside.set(outside, (made = { op, operands: operands.map(lift), attrs, results: results.map(lift) }));
    }
    return made;
  }
}

/** The type of one element of a batch of this type. */
export function elementType({ dtype, shape }: TensorType): TensorType {
  return tensorType(dtype, shape.slice(1));
}

function nodeOf(x: Operand): Made {
  if (!("node" in x)) throw new InternalError("batching: an operand does not know how it was made");
  return x.node as Made;
}

/** An element of a batch has not been made of anything. */
function leafOf(x: BatchedOperand): Made {
  const { dtype, shape } = x.type;
  return { op: input as AnyOp, operands: [], attrs: { dtype, shape }, results: [x] };
}

/** The attributes with which an op does the same to a whole batch, where its form says; null where it does not. */
function attrsOfWhole(op: AnyOp, attrs: Attrs): Attrs | null {
  switch (op.form) {
    case "reduction":
      return { ...attrs, axes: (attrs.axes as readonly number[]).map((axis) => axis + 1) };
    case "argReduction":
    case "row":
      return { ...attrs, axis: (attrs.axis as number) + 1 };
    case "unary":
    case "binary":
    case "compare":
      return op.lower.kind === "compute" ? attrs : null;
    default:
      return null;
  }
}

function mappedOp(lower: Lowering<Attrs>): AnyOp {
  switch (lower.kind) {
    case "compute":
      return mapped;
    case "scatter":
      return lower.combine === "add" ? mappedScatterAdd : mappedScatter;
    case "routine":
      return mappedRoutine;
    case "compose":
      return mappedComposite;
    case "control":
      throw new InternalError("batching: loops and branches have rules of their own");
    case "leaf":
      throw new InternalError("batching: a leaf has no operands to map over");
  }
}
