// Loops and branches of a plan: regions of steps. Sequences are read and written in place, an element in every turn; a state
// lies in a buffer of two slots, one of which a turn reads while it writes the other.
import { itemSize } from "#ir/dtype.js";
import { limitMessage } from "#ir/evaluate-flow.js";
import type { Value } from "#ir/node.js";
import type { LoopFlow } from "#ir/flow.js";
import { alignment, type Slice, type SliceTerm, type Times } from "#ir/plan.js";
import { type Copy, launchCopies } from "./copy-kernel.js";
import { countOf } from "./element.js";
import type { LoweredControl, LoweredGraph } from "./lower-control.js";
import type { PlanBuilder } from "./plan-memory.js";
import type { Buffer, Ref } from "./planned-buffer.js";

/** Adds the steps of a loop or a branch. */
export function planControl(control: LoweredControl, plan: PlanBuilder): void {
  if (control.flow.kind === "loop") planLoop(control, control.flow, plan);
  else planBranch(control, plan);
}

function planLoop({ node, graphs, used }: LoweredControl, flow: LoopFlow, plan: PlanBuilder): void {
  const [body, test] = graphs as [LoweredGraph, LoweredGraph | undefined];
  const refs = node.operands.map((x) => plan.refOf(x));
  const results = node.results.map((x, i) => (i < flow.states && !used.has(x) ? null : plan.refOf(x)));
  const own = flow.counted ? refs.slice(1) : refs;
  const most = flow.turns as number;
  const count = flow.counted ? scalarOf(refs[0]!, node.operands[0]!, plan) : null;
  const times: Times = count ? { buffer: count.id, most } : most;
  const inputs = body.graph.inputs.map((input) => input.results[0]!);
  const isState = (i: number): boolean => i >= flow.captures && i < flow.captures + flow.states;
  const states = inputs.flatMap((x, i) => (isState(i) ? [new Slots(x, plan)] : []));
  const first = (s: Slots): Ref => s.at({ start: 0, terms: [] });
  launchCopies("carry", states.map((s, i) => s.copy(own[flow.captures + i]!, first(s))), plan); // prettier-ignore

  const from = plan.step;
  if (count) plan.touch(count);
  const region = plan.begin(true);
  const now = (s: Slots): Ref => s.at({ start: 0, terms: [{ region, step: s.step, wrap: 2 }] });
  const next = (s: Slots): Ref => s.at({ start: 0, terms: [{ region, step: s.step, plus: 1, wrap: 2 }] });
  const element = (ref: Ref, length: number): Ref =>
    moved(ref, { region, step: length, ...(flow.reverse ? { backwards: true } : {}) });
  const bindInputs = (graph: LoweredGraph): void => {
    graph.graph.inputs.forEach((input, i) => {
      const x = input.results[0]!;
      const state = isState(i) && now(states[i - flow.captures]!);
      plan.bind(x, state || (i < flow.captures ? own[i]! : element(own[i]!, countOf(x))));
    });
  };
  let go: number | null = null;
  if (test) {
    bindInputs(test);
    plan.run(test.launches);
    const [holds] = test.graph.outputs.values();
    const { buffer } = plan.refOf(holds!);
    plan.touch(buffer);
    go = buffer.id;
  }
  const middle = plan.step;
  bindInputs(body);
  [...body.graph.outputs.values()].forEach((y, i) => {
    plan.bind(y, i < flow.states ? next(states[i]!) : element(results[i]!, countOf(y)));
  });
  plan.run(body.launches);
  const to = plan.step;
  if (go === null) plan.end(region, { kind: "loop", from, to, times });
  else {
    const failure = plan.failures.add(node, limitMessage("{value}"));
    plan.end(region, { kind: "while", from, test: middle, to, go, limit: most, failure });
  }

  const last = (s: Slots): Ref => {
    if (typeof times === "number" && go === null) return s.at({ start: s.step * (most % 2), terms: [] });
    return s.at({ start: 0, terms: [{ region, step: s.step, wrap: 2 }] });
  };
  const wanted = states.flatMap((s, i) => (results[i] ? [s.copy(last(s), results[i])] : []));
  launchCopies("result", wanted, plan);
}

/** A state's memory: two slots. */
class Slots {
  readonly length: number;
  /** Elements from one slot to the other. */
  readonly step: number;
  readonly #buffer: Buffer;

  constructor(
    readonly value: Value,
    plan: PlanBuilder,
  ) {
    const item = itemSize(value.type.dtype);
    this.length = countOf(value);
    this.step = (Math.ceil((this.length * item) / alignment) * alignment) / item;
    this.#buffer = plan.temporary(String(value.node.attrs.name), value.type.dtype, 2 * this.step);
  }

  at(slice: Slice): Ref {
    return { buffer: this.#buffer, slice };
  }

  copy(from: Ref, to: Ref): Copy {
    return { from, to, dtype: this.value.type.dtype, length: this.length };
  }
}

function planBranch({ node, graphs }: LoweredControl, plan: PlanBuilder): void {
  const [predicate, ...refs] = node.operands.map((x) => plan.refOf(x));
  const results = node.results.map((x) => plan.refOf(x));
  const on = scalarOf(predicate!, node.operands[0]!, plan);
  graphs.forEach(({ graph, launches }, side) => {
    const from = plan.step;
    plan.touch(on);
    const region = plan.begin(false);
    graph.inputs.forEach((input, i) => plan.bind(input.results[0]!, refs[i]!));
    [...graph.outputs.values()].forEach((y, i) => plan.bind(y, results[i]!));
    plan.run(launches);
    plan.end(region, { kind: "branch", from, to: plan.step, on: on.id, when: side === 0 });
  });
}

/** The buffer whose first element is the scalar: its own, or a copy of the element of a sequence that it is. */
function scalarOf(ref: Ref, value: Value, plan: PlanBuilder): Buffer {
  if (!ref.slice) return ref.buffer;
  const own = plan.temporary("scalar", value.type.dtype, 1);
  const { dtype } = value.type;
  launchCopies("scalar", [{ from: ref, to: { buffer: own, slice: null }, dtype, length: 1 }], plan);
  return own;
}

/** A part that moves with one more loop. */
function moved({ buffer, slice }: Ref, term: SliceTerm): Ref {
  return { buffer, slice: { start: slice?.start ?? 0, terms: [...(slice?.terms ?? []), term] } };
}
