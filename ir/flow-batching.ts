// Loops and branches for every element of a batch: loops and branches around sub-graphs that do the same to whole batches.
// A loop with a test goes on as long as one element does; those that have ended stay as they are.
import { BatchingOwner } from "./batching.js";
import { Builder } from "./builder.js";
import { closedGraph, declareInput } from "./closed-graph.js";
import { applyAnew } from "./copy-nodes.js";
import { GraphError } from "./errors.js";
import type { Graph } from "./graph.js";
import type { Operand, Value } from "./node.js";
import type { Batch } from "./op.js";
import type { BranchAttrs, LoopAttrs } from "./flow.js";
import { branch, loop } from "./ops/loops.js";
import { broadcast, transpose } from "./ops/movement.js";
import { any } from "./ops/quantifiers.js";
import { where } from "./ops/selection.js";
import type { Size } from "./size.js";

/** A loop over a batch. Its states all have the axis of the batch; a number of turns is the same for all. */
export function batchedLoop({ operands, mapped, attrs, size }: Batch<LoopAttrs>): readonly Operand[] {
  const { body, test, captures, states, counted } = attrs;
  const lead = counted ? 1 : 0;
  if (counted && mapped[0]) throw new GraphError("a loop takes the same number of turns for all elements of a batch");
  const isState = (i: number): boolean => i >= captures && i < captures + states;
  const varies = body.inputs.map((_, i) => isState(i) || mapped[lead + i]!);
  const given = body.inputs.map((_, i): Operand => {
    const x = operands[lead + i]!;
    if (isState(i)) return mapped[lead + i] ? x : broadcast(x, [size, ...x.type.shape], axesFrom(x, 1));
    return i >= captures + states && varies[i] ? swapped(x) : x;
  });
  const main = new BatchedGraph(body, varies, size);
  const next = main.run(body);
  const outputs = next.map((x, i) => {
    if (!test || i >= states) return main.owner.collect(x);
    const goesOn = main.run(test)[0]!;
    return main.owner.collect(where(spreadTo(goesOn, x), x, main.inputs[captures + i]!));
  });
  const made = loop([...operands.slice(0, lead), ...given], {
    ...attrs,
    ...(test ? { test: testOf(test, varies, size) } : {}),
    body: main.graph(outputs),
  });
  return made.map((y, i) => (i < states ? y : swapped(y)));
}

/** A branch over a batch: where the predicate differs from element to element, both are computed, and one is taken. */
export function batchedBranch({ operands, mapped, attrs, size }: Batch<BranchAttrs>): readonly Operand[] {
  const varies = mapped.slice(1);
  if (!mapped[0]) {
    const [then, otherwise] = [attrs.then, attrs.otherwise].map((graph) => {
      const own = new BatchedGraph(graph, varies, size);
      return own.graph(own.run(graph).map((x) => own.owner.collect(x)));
    });
    return branch(operands, { then: then!, otherwise: otherwise! });
  }
  const owner = new BatchingOwner(operands[0]!.owner, size);
  const [predicate, ...xs] = operands.map((x, i) => (mapped[i] ? owner.map(x) : owner.lift(x)));
  const [then, otherwise] = [attrs.then, attrs.otherwise].map((graph) => runOn(graph, xs));
  return then!.map((y, i) => owner.collect(where(spreadTo(predicate!, y), y, otherwise![i]!)));
}

function testOf(test: Graph, varies: readonly boolean[], size: Size): Graph {
  const own = new BatchedGraph(test, varies, size);
  return own.graph([any(own.owner.collect(own.run(test)[0]!))]);
}

/** A sub-graph for whole batches in the making. */
class BatchedGraph {
  readonly owner: BatchingOwner;
  /** One element of each input. */
  readonly inputs: readonly Operand[];
  readonly #builder: Builder;
  readonly #declared: readonly Value[];

  constructor({ name, inputs }: Graph, varies: readonly boolean[], size: Size) {
    this.#builder = new Builder(name);
    this.owner = new BatchingOwner(this.#builder, size);
    this.#declared = inputs.map((node, i) => {
      const { dtype, shape } = node.results[0]!.type;
      const type = { dtype, shape: varies[i] ? [size, ...shape] : shape };
      return declareInput(this.#builder, String(node.attrs.name), type);
    });
    this.inputs = this.#declared.map((x, i) => (varies[i] ? this.owner.map(x) : this.owner.lift(x)));
  }

  /** What a graph of these inputs, or of the first of them, gives for one element. */
  run(graph: Graph): readonly Operand[] {
    return runOn(graph, this.inputs);
  }

  graph(outputs: readonly Operand[]): Graph {
    return closedGraph(this.#builder, this.#declared, outputs as readonly Value[]);
  }
}

/** The outputs of a graph, of operands of another owner in the places of its inputs. */
function runOn(graph: Graph, inputs: readonly Operand[]): readonly Operand[] {
  const outputs = [...graph.outputs.values()];
  const known = new Map<Value, Operand>(graph.inputs.map((node, i) => [node.results[0]!, inputs[i]!]));
  const [{ owner }] = inputs as [Operand];
  return outputs.map(applyAnew(outputs, known, ({ op, attrs }, operands) => owner.apply(op, operands, attrs)));
}

/** A bool scalar of the shape of another operand. */
function spreadTo(predicate: Operand, like: Operand): Operand {
  return broadcast(predicate, like.type.shape, []);
}

function axesFrom({ type }: Operand, first: number): readonly number[] {
  return type.shape.map((_, axis) => axis + first);
}

/** The first two axes in the places of each other: the batch and the turns. */
function swapped(x: Operand): Operand {
  return transpose(x, [1, 0, ...axesFrom(x, 0).slice(2)]);
}
