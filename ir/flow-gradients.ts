// Gradients of loops and branches. That of a loop is a loop in the other direction over what the turns have left behind: a
// turn's cotangents are carried, those of the captures are summed, and the values that its gradient needs are read from
// sequences that the forward loop gives besides its own results.
import { numbered } from "./closed-graph.js";
import { isFloat } from "./dtype.js";
import { GradientError } from "./errors.js";
import { constantLike } from "./forms.js";
import { type Graph, topological } from "./graph.js";
import type { Operand, Value } from "./node.js";
import type { Pullback } from "./op.js";
import { add } from "./ops/arithmetic.js";
import type { BranchAttrs, LoopAttrs } from "./flow.js";
import { branch, loop } from "./ops/loops.js";
import { TurnGradient } from "./turn-gradient.js";
import { printType } from "./type.js";

/** Turns of a loop that says no limit of its own: too many to keep what they computed. */
export const endless = 1_000_000;

type Cotangents = readonly (Operand | null)[];

/** The cotangents of a loop's operands. */
export function loopPullback({ cotangents, operands, results, attrs, wanted }: Pullback<LoopAttrs>): Cotangents {
  const { body, test, counted, captures, states } = attrs;
  if (test && attrs.turns === endless) {
    throw new GradientError("loop: a loop without a limit keeps nothing to differentiate it by", {
      help: "whileLoop(…, { maxIterations: n }) sets a limit",
    });
  }
  const inputs = body.inputs.map((node) => node.results[0]!);
  const lead = counted ? 1 : 0;
  const asked = inputs.filter((_, i) => wanted?.[lead + i] ?? true);
  const operandOf = (x: Value): Operand => operands[lead + inputs.indexOf(x)]!;
  const given = [...body.outputs.values()];
  const turn = new TurnGradient(body, new Set(inputs.slice(0, captures)));

  const active = activeInputs(body, new Set(asked), captures, states);
  const floats = given.slice(0, states).flatMap((_, k) => (active.has(inputs[captures + k]!) ? [k] : []));
  const carried = new Map(floats.map((k) => [k, turn.declare(`d_state${k}`, given[k]!)]));
  const flowing = given.flatMap((x, k) =>
    k >= states && cotangents[k] ? [[k, turn.declare(`d_y${k}`, x)] as const] : [],
  );
  const seeds = new Map<number, Value>([...carried, ...flowing]);
  const found = turn.pullBack([...active], given.map((_, k) => seeds.get(k) ?? null)); // prettier-ignore
  const nextOf = (k: number): Value => found.get(inputs[captures + k]!) ?? (constantLike(carried.get(k)!, 0) as Value);
  const sums = inputs.slice(0, captures).flatMap((x) => {
    const part = found.get(x);
    if (!part) return [];
    const before = turn.declare(`d_${String(x.node.attrs.name)}`, x);
    return [{ x, before, after: turn.build(() => add(before, part)) }];
  });
  const sequences = inputs.slice(captures + states).flatMap((x) => (found.get(x) ? [x] : []));
  const outputs = [...floats.map(nextOf), ...sums.map(({ after }) => after), ...sequences.map((x) => found.get(x)!)];
  const kept = turn.keep(outputs, attrs.recompute ?? false);

  // The forward loop once more, giving what is to be kept: passes merge it with the first one.
  const isSequence = (x: Value): boolean => inputs.indexOf(x) >= captures + states;
  const isGiven = (x: Value): boolean => given.lastIndexOf(x) >= states;
  const more = kept.values.filter((x) => !isSequence(x) && !isGiven(x));
  const wider = { ...body, outputs: numbered([...given, ...more]) };
  const all = more.length === 0 ? results : loop(operands, { ...attrs, body: wider });
  const stackOf = (x: Value): Operand => {
    if (isSequence(x)) return operandOf(x);
    return all[isGiven(x) ? given.lastIndexOf(x) : given.length + more.indexOf(x)]!;
  };

  const used = inputs.slice(0, captures).filter(kept.uses);
  const made = loop(
    [
      ...(counted ? [operands[0]!] : test ? [turnsOf(results[0]!)] : []),
      ...used.map(operandOf),
      ...floats.map((k) => cotangents[k] ?? constantLike(results[k]!, 0)),
      ...sums.map(({ x }) => constantLike(operandOf(x), 0)),
      ...kept.values.map(stackOf),
      ...flowing.map(([k]) => cotangents[k]!),
    ],
    {
      turns: attrs.turns,
      captures: used.length,
      states: floats.length + sums.length,
      ...(counted || test ? { counted: true } : {}),
      ...(attrs.reverse ? {} : { reverse: true }),
      ...(attrs.recompute ? { recompute: true } : {}),
      body: turn.graph(
        [
          ...used.map(turn.of),
          ...carried.values(),
          ...sums.map(({ before }) => before),
          ...kept.inputs,
          ...flowing.map(([, seed]) => seed),
        ],
        kept.outputs,
      ),
    },
  );
  const answers = new Map<Value, Operand>();
  [...floats.map((k) => inputs[captures + k]!), ...sums.map(({ x }) => x), ...sequences].forEach((x, i) => {
    answers.set(x, made[i]!);
  });
  return [...operands.slice(0, lead).map(() => null), ...inputs.map((x) => answers.get(x) ?? null)];
}

/** The float inputs whose cotangents are wanted, or are carried to where one is: states that depend on such inputs. */
function activeInputs(body: Graph, wanted: ReadonlySet<Value>, captures: number, states: number): ReadonlySet<Value> {
  const inputs = body.inputs.map((node) => node.results[0]!);
  const next = [...body.outputs.values()].slice(0, states);
  const active = new Set(inputs.filter((x) => wanted.has(x) && isFloat(x.type.dtype)));
  for (let more = true; more;) {
    more = false;
    next.forEach((y, k) => {
      const state = inputs[captures + k]!;
      if (active.has(state) || !isFloat(state.type.dtype)) return;
      if (!topological([y]).some((node) => node.operands.length === 0 && active.has(node.results[0]!))) return;
      active.add(state);
      more = true;
    });
  }
  return active;
}

/** The number of turns that a loop with a test took: its first state counts them. */
function turnsOf(counter: Operand): Operand {
  if (counter.type.dtype === "i32" && counter.type.shape.length === 0) return counter;
  throw new GradientError(`loop: the first state should count the turns, but it is ${printType(counter.type)}`);
}

/** The cotangents of a branch's operands: a branch that computes again what its gradient needs. */
export function branchPullback({ cotangents, operands, attrs, wanted }: Pullback<BranchAttrs>): Cotangents {
  const flowing = cotangents.flatMap((g, k) => (g ? [{ g, k }] : []));
  const sides = [attrs.then, attrs.otherwise].map((graph) => {
    const turn = new TurnGradient(graph, new Set());
    const seeds = new Map(flowing.map(({ k }) => [k, turn.declare(`d_y${k}`, [...graph.outputs.values()][k]!)]));
    const xs = graph.inputs
      .map((node) => node.results[0]!)
      .filter((x, i) => (wanted?.[i + 1] ?? true) && isFloat(x.type.dtype));
    const found = turn.pullBack(xs, [...graph.outputs.keys()].map((_, k) => seeds.get(k) ?? null)); // prettier-ignore
    return { turn, graph, seeds: [...seeds.values()], found: graph.inputs.map((node) => found.get(node.results[0]!)) };
  });
  const flowingTo = operands.slice(1).flatMap((_, i) => (sides.some(({ found }) => found[i]) ? [i] : []));
  if (flowingTo.length === 0) return operands.map(() => null);
  const ready = sides.map(({ turn, graph, seeds, found }) => {
    const inputs = graph.inputs.map((node) => turn.of(node.results[0]!));
    const outputs = flowingTo.map((i) => found[i] ?? turn.build(() => constantLike(inputs[i]!, 0)));
    return { turn, inputs: [...inputs, ...seeds], outputs, reads: new Set(topological(outputs)) };
  });
  const given = [...operands.slice(1), ...flowing.map(({ g }) => g)];
  const read = given.flatMap((_, i) => (ready.some(({ inputs, reads }) => reads.has(inputs[i]!.node)) ? [i] : []));
  const [then, otherwise] = ready.map(({ turn, inputs, outputs }) => turn.graph(read.map((i) => inputs[i]!), outputs)); // prettier-ignore
  const made = branch([operands[0]!, ...read.map((i) => given[i]!)], { then: then!, otherwise: otherwise! });
  return operands.map((_, i) => made[flowingTo.indexOf(i - 1)] ?? null);
}
