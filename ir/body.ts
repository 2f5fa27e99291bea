// The body of a loop or a branch under construction: a builder whose values live in a sub-graph. What it uses from outside
// becomes an input of the sub-graph and an operand of the loop: the sub-graph is closed.
import { Builder } from "./builder.js";
import { closedGraph, Inputs } from "./closed-graph.js";
import { GraphError } from "./errors.js";
import { bring } from "./forms.js";
import type { Graph } from "./graph.js";
import type { Applier, Attrs, Draw, Operand, Value } from "./node.js";
import type { AnyOp } from "./op.js";
import { add, mul } from "./ops/arithmetic.js";
import { parameter } from "./ops/leaves.js";
import { keyOfTurn } from "./random-source.js";
import type { TensorType } from "./type.js";

/** Builds one sub-graph; `outer` is who builds what is around it. */
export class Body extends Builder {
  readonly #captures = new Map<Operand, Value>();
  readonly #inputs = new Inputs(this);

  /** The number of the turn, an i32 scalar of this body: with it the random numbers of every turn are its own. */
  turn: Operand | null = null;

  constructor(
    name: string,
    readonly outer: Applier,
  ) {
    super(name);
  }

  /** What the body uses from outside, in the order of first use. */
  get captures(): readonly Operand[] {
    return [...this.#captures.keys()];
  }

  /** A new input of the sub-graph. */
  declare(name: string, type: TensorType): Value {
    return this.redirect(null, () => this.#inputs.declare(name, type));
  }

  /** The error for one of its values where it is used outside. */
  left(): GraphError {
    return new GraphError(`a tensor of the ${this.name} of a loop or a branch is used outside of it`, {
      help: "return it from the function that makes it",
    });
  }

  protected override make(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly Value[] {
    if (op === (parameter as AnyOp)) {
      const { outer } = this;
      const apply = () => outer.apply(op, operands, attrs);
      return [this.lift((outer.redirect ? outer.redirect(null, apply) : apply())[0]!)];
    }
    const own = operands.map((x) => bring(x, this));
    return super.make(op, own, attrs);
  }

  /** An operand of `outer` as an input of the sub-graph. */
  lift(x: Operand): Value {
    // What was made of numbers while the outer builder sends on what is built is here already.
    if (x.owner === this) return x as Value;
    let inner = this.#captures.get(x);
    if (!inner) this.#captures.set(x, (inner = this.declare(x.from?.replace(/.*\//, "") || "captured", x.type)));
    return inner;
  }

  override draw(): Draw {
    const draw = this.outer.draw?.();
    if (!draw) throw new GraphError("there is no source of random numbers here");
    const [counter, key0, key1] = [draw.counter, draw.key0, draw.key1].map((x) => bring(x, this));
    const own = this.turn ? add(mul(key1!, keyOfTurn), this.turn) : key1!;
    return { counter: counter!, key0: key0!, key1: own };
  }

  /** The sub-graph from `inputs`, captures among them, to `outputs`. */
  graph(inputs: readonly Value[], outputs: readonly Operand[]): Graph {
    return closedGraph(this, inputs, outputs.map((x) => bring(x, this) as Value)); // prettier-ignore
  }
}
