// The gradient rule of one application as a list of ops. The rule is asked once per op, layouts and attributes, on a graph;
// what the wanted cotangents do not need falls away; the rest is applied to eager tensors, op by op.
import { Builder } from "#ir/builder.js";
import { GradientError } from "#ir/errors.js";
import { constantValue } from "#ir/facts.js";
import type { Attrs, Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { broadcast } from "#ir/ops/movement.js";
import { constant, input } from "#ir/ops/leaves.js";
import { gradient } from "#passes/gradient.js";
import { attrsKey } from "./cache.js";
import type { EagerTensor } from "./eager-tensor.js";
import type { TapeRecord } from "./tape.js";

/** One op of a rule; operands and results are places in a list of tensors. */
interface Step {
  readonly op: AnyOp;
  readonly attrs: Attrs;
  /** Its part of the engine's cache key. */
  readonly key: string;
  readonly operands: readonly number[];
}

/**
 * A rule: the list starts with the operands, the results and the given cotangents of the application, and grows by the
 * results of each step.
 */
export interface PullbackSteps {
  readonly steps: readonly Step[];
  /** For each operand where its cotangent is in the list; −1 where none is wanted or none flows. */
  readonly cotangents: readonly number[];
}

const limit = 2048;

/** Rules asked before; all are forgotten when there are too many. */
export class PullbackCache {
  readonly #byOp = new Map<AnyOp, Map<string, PullbackSteps | null>>();
  #count = 0;

  /** The rule for one application, or null where gradients end: the walk then says why. */
  find(made: TapeRecord, given: readonly (Operand | null)[], wanted: readonly boolean[]): PullbackSteps | null {
    const key = keyOf(made, given, wanted);
    let steps = this.#byOp.get(made.op)?.get(key);
    if (steps !== undefined) return steps;
    if (this.#count++ === limit) {
      this.#byOp.clear();
      this.#count = 1;
    }
    steps = pullbackSteps(made, given, wanted);
    let byKey = this.#byOp.get(made.op);
    if (!byKey) this.#byOp.set(made.op, (byKey = new Map()));
    byKey.set(key, steps);
    return steps;
  }
}

/** Equal for applications with the same rule. Numbers known beforehand count: rules look at them. */
function keyOf(made: TapeRecord, given: readonly (Operand | null)[], wanted: readonly boolean[]): string {
  let key = attrsKey(made.attrs);
  made.operands.forEach((x, i) => (key += `,${x.layout.id}${wanted[i] ? "!" : `=${numberOf(x)}`}`));
  for (const g of given) key += g ? ";g" : ";";
  return key;
}

function numberOf(x: EagerTensor): string {
  const value = constantValue(x);
  return Object.is(value, -0) ? "-0" : String(value);
}

function pullbackSteps(
  made: TapeRecord,
  given: readonly (Operand | null)[],
  wanted: readonly boolean[],
): PullbackSteps | null {
  const builder = new Builder(`gradient of ${made.op.name}`);
  const fresh = ({ type }: Operand, name: string) => builder.apply(input, [], { name, ...type })[0]!;
  const operands = made.operands.map((x, i) => (wanted[i] ? null : known(x, builder)) ?? fresh(x, `x${i}`));
  const cotangents = given.map((g, i) => g && fresh(g, `g${i}`));
  const { op, attrs } = made;
  try {
    const expanded = op.lower.kind === "compose" && !op.vjp;
    const results = (
      expanded ? op.lower.expand(operands, attrs) : builder.apply(op, operands, attrs)
    ) as readonly Value[];
    const flowing = expanded
      ? throughExpansion(results, operands, cotangents, wanted)
      : op.vjp!({ g: cotangents.find((g) => g !== null)!, cotangents, results, operands, attrs });
    const heads = [...operands, ...results, ...cotangents];
    return listed(heads, flowing.map((value, i) => (wanted[i] ? (value as Value | null) : null))); // prettier-ignore
  } catch (error) {
    if (error instanceof GradientError) return null;
    throw error;
  }
}

/** Its number, where every element is one known number, as a constant of the graph. */
function known(x: EagerTensor, builder: Builder): Value | null {
  const value = constantValue(x);
  if (value === null) return null;
  const scalar = builder.apply(constant, [], { value, dtype: x.type.dtype, shape: [] })[0]!;
  return x.type.shape.length === 0 ? scalar : (broadcast(scalar, x.type.shape) as Value);
}

function throughExpansion(
  results: readonly Value[],
  operands: readonly Value[],
  cotangents: readonly (Value | null)[],
  wanted: readonly boolean[],
): readonly (Operand | null)[] {
  const sources = operands.filter((_, i) => wanted[i]);
  const found = gradient(results, sources, { cotangents, unconnected: "zero" });
  let next = 0;
  return operands.map((_, i) => (wanted[i] ? found[next++]! : null));
}

/** The steps from `heads` to `outputs`. */
function listed(heads: readonly (Value | null)[], outputs: readonly (Value | null)[]): PullbackSteps {
  const places = new Map<Value, number>();
  heads.forEach((value, i) => value && !places.has(value) && places.set(value, i));
  const steps: Step[] = [];
  let next = heads.length;
  for (const { op, attrs, operands, results } of between(places, outputs)) {
    steps.push({ op, attrs, key: attrsKey(attrs), operands: operands.map((value) => places.get(value)!) });
    for (const value of results) places.set(value, next++);
  }
  return { steps, cotangents: outputs.map((value) => (value ? places.get(value)! : -1)) };
}

/** The nodes that `outputs` need beyond what is known, operands first. Rules are small, so recursion will do. */
function between(known: ReadonlyMap<Value, number>, outputs: readonly (Value | null)[]): ReadonlySet<Node> {
  const order = new Set<Node>();
  const visit = (value: Value | null): void => {
    if (!value || known.has(value) || order.has(value.node)) return;
    value.node.operands.forEach(visit);
    order.add(value.node);
  };
  outputs.forEach(visit);
  return order;
}
