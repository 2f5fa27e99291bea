// The tape: every result of an eager op remembers how it was made, so that gradients can walk back. There is no list: the
// records hang on the tensors, and a history lives exactly as long as a tensor that came of it.
import { GradientError } from "#ir/errors.js";
import type { Attrs, Parameter } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { constant, input, parameter as parameterOp } from "#ir/ops/leaves.js";
import type { EagerTensor } from "./eager-tensor.js";
import { now } from "./storage.js";

/** One application of an op. Parameters, constants, fed tensors, and what has left a scope have none: they are leaves. */
export interface TapeRecord {
  readonly op: AnyOp;
  readonly operands: readonly EagerTensor[];
  readonly attrs: Attrs;
  readonly results: readonly EagerTensor[];
  /** Parameters written after this moment are not what the op saw. */
  readonly at: number;
  /** Whether a parameter is among its ancestors. */
  readonly parametric: boolean;
}

let recording = true;

/** Runs `compute` without recording: its results are leaves, and what they were made of can be freed at once. */
export function withoutHistory<T>(compute: () => T): T {
  const before = recording;
  recording = false;
  try {
    return compute();
  } finally {
    recording = before;
  }
}

/** Notes on each of `results` that `op` made them. */
export function record(
  op: AnyOp,
  operands: readonly EagerTensor[],
  attrs: Attrs,
  results: readonly EagerTensor[],
): void {
  if (!recording || operands.length === 0) return;
  let parametric = false;
  for (const x of operands) parametric ||= x.parameter !== null || (x.record !== null && x.record.parametric);
  const entry: TapeRecord = { op, operands, attrs, results, at: now(), parametric };
  for (const result of results) result.record = entry;
}

/** What gradient rules see of a leaf: a parameter, a number they may know, or else something that was fed. */
export function leafRecord(tensor: EagerTensor): TapeRecord {
  const leaf = { operands: [], results: [tensor], at: now(), parametric: false };
  if (tensor.parameter) return { op: parameterOp as AnyOp, attrs: { parameter: tensor.parameter }, ...leaf };
  if (tensor.literal) return { op: constant as AnyOp, attrs: tensor.literal, ...leaf };
  const { dtype, shape } = tensor.type;
  return { op: input as AnyOp, attrs: { dtype, shape }, ...leaf };
}

/** Throws a GradientError where a parameter that the op used has been assigned since. */
export function checkUnchanged(entry: TapeRecord): void {
  for (const { parameter, storage } of entry.operands) {
    if (parameter && storage && storage.changedAt > entry.at) {
      throw new GradientError(
        `grad: ${entry.op.name} used parameter ${parameter.name}, which has been assigned since`,
        {
          help: "take the gradient first, then assign",
        },
      );
    }
  }
}

/**
 * The records that `tensor` came of and `wanted` accepts, each after those it depends on; a rejected record ends the
 * walk. Iterative, operands left to right.
 */
export function recordsBehind(tensor: EagerTensor, wanted: (entry: TapeRecord) => boolean): readonly TapeRecord[] {
  const seen = new Set<TapeRecord>();
  const order: TapeRecord[] = [];
  const stack: { entry: TapeRecord; next: number }[] = [];
  const visit = (entry: TapeRecord | null) => {
    if (!entry || seen.has(entry) || !wanted(entry)) return;
    seen.add(entry);
    stack.push({ entry, next: 0 });
  };
  visit(tensor.record);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    if (top.next < top.entry.operands.length) visit(top.entry.operands[top.next++]!.record);
    else order.push(stack.pop()!.entry);
  }
  return order;
}

/** The parameters that a tensor was computed from, in order of first use. */
export function parametersOf(tensor: EagerTensor): readonly Parameter[] {
  const found = new Set<Parameter>();
  if (tensor.parameter) found.add(tensor.parameter);
  for (const entry of recordsBehind(tensor, (e) => e.parametric)) {
    for (const x of entry.operands) if (x.parameter) found.add(x.parameter);
  }
  return [...found];
}
