// What recurrent layers have in common: a step that is repeated along a sequence, masks, states given and returned.
import { GraphError, ShapeError } from "#ir/errors.js";
import { broadcastTo, scalarLike } from "#ir/forms.js";
import { atUserLine } from "#ir/origin.js";
import { addSizes, sameShape } from "#ir/size.js";
import { checkedIndex } from "#ir/ops/checks.js";
import { printType } from "#ir/type.js";
import { aliasesOf } from "../independent.js";
import type { Turn } from "../loops.js";
import { ops } from "../ops.js";
import type { Dim, Shape } from "../shapes.js";
import { sizesOf, Tensor } from "../tensor.js";
import { replaceTensors, tensorsIn, type TensorTree } from "../tensor-trees.js";
import { type CallOptions, defineLayer, type Layer, type LayerInfo } from "./layer.js";
import { scanTrees } from "./scan-trees.js";

/** What a recurrent layer is told at a call. */
export interface RecurrentCall<S extends TensorTree = TensorTree> extends CallOptions {
  /** The state before the first step; zeros where nothing is said. */
  readonly initial?: S;
  /**
   * How many steps of each example count, i32 `[batch]`: beyond them the state stands still and the outputs are 0. A run
   * with a length outside `0 ≤ length ≤ time` stops.
   */
  readonly lengths?: Tensor;
  /** From the last step to the first; outputs stand where the inputs do that they belong to. */
  readonly reverse?: boolean;
  /**
   * Added to the state after each step: `[batch, time, units]` for each tensor of the state. Zeros, as `nudges` makes
   * them: the gradient by them is that by the states of all steps.
   */
  readonly nudge?: S;
}

/** What a recurrent layer gives. */
export interface Unrolled<S extends TensorTree> {
  readonly output: Tensor;
  /** The state after the last step. */
  readonly state: S;
}

/** All outputs `[batch, time, units]`, or the one after the last step alone, `[batch, units]`. */
export type Returns = "sequence" | "last";

/** How wide each tensor of a state is, in the lists and records of the state. */
export type StateForm = number | readonly StateForm[] | { readonly [key: string]: StateForm };

/** Facts about a recurrent layer. */
export interface RecurrentInfo extends LayerInfo {
  /** How wide its outputs are. */
  readonly units: number;
  readonly returns: Returns;
  readonly form: StateForm;
}

/** A layer that goes along sequences x `[batch, time, inputs]`, with a state of tensors `[batch, units]`. */
export interface Recurrent<S extends TensorTree = TensorTree> extends Layer<RecurrentCall<S>>, RecurrentInfo {
  /** As a call, and gives the last state too. */
  run(x: Tensor, call?: RecurrentCall<S>): Unrolled<S>;
  /** One step of inference, x `[batch, inputs]`: for loops of one's own. */
  step(x: Tensor, state: S): readonly [output: Tensor, next: S];
  /** A state of zeros for the examples of x, whose first axis is the batch. */
  zeros(x: Tensor): S;
  /** Zeros to be added to the states of all steps for x `[batch, time, …]`, told from all other zeros. */
  nudges(x: Tensor): S;
}

/** What makes one recurrent layer differ from another. */
export interface RecurrentParts<S extends TensorTree> {
  readonly units: number;
  readonly returns: Returns;
  readonly form: StateForm;
  readonly step: (x: Tensor, state: S) => readonly [output: Tensor, next: S];
  readonly unroll: (x: Tensor, call: RecurrentCall<S> & { readonly training: boolean }) => Unrolled<S>;
}

/** Makes a layer of its parts. */
export function defineRecurrent<S extends TensorTree>(info: LayerInfo, parts: RecurrentParts<S>): Recurrent<S> {
  const states = new WeakMap<Tensor, S>();
  const layer = defineLayer<RecurrentCall<S>>(info, (x, call) => {
    atUserLine(() => checkInput(info.name, x));
    const { output, state } = parts.unroll(x, call);
    states.set(output, state);
    return output;
  });
  const run = (x: Tensor, call?: RecurrentCall<S>): Unrolled<S> => {
    const output = layer(x, call);
    return { output, state: states.get(output)! };
  };
  const zeros = (x: Tensor): S => filled(parts.form, (units) => zerosBeside(x, [x.shape[0]!, units])) as S;
  const nudges = (x: Tensor): S => {
    const all = filled(parts.form, (units) => zerosBeside(x, [x.shape[0]!, x.shape[1]!, units]));
    const own = aliasesOf(tensorsIn(all, "nudges"), "nudges");
    let next = 0;
    return replaceTensors(all, "nudges", () => own[next++]!) as S;
  };
  const { units, returns, form, step } = parts;
  return Object.assign(layer, { units, returns, form, step, run, zeros, nudges });
}

/** A cell: the state after a step, and what of a state the layer gives. */
export interface Cell<S extends TensorTree> {
  readonly form: StateForm;
  next(x: Tensor, state: S): S;
  outputOf(state: S): Tensor;
}

/** A layer that repeats a cell. */
export function repeated<S extends TensorTree>(
  info: LayerInfo,
  units: number,
  returns: Returns,
  cell: Cell<S>,
): Recurrent<S> {
  if (returns !== "sequence" && returns !== "last")
    throw atUserLine(() => new GraphError(`${info.name}: it returns "sequence" or "last", not ${String(returns)}`));
  return defineRecurrent<S>(info, {
    units,
    returns,
    form: cell.form,
    step: (x, state) => {
      const next = cell.next(x, state);
      return [cell.outputOf(next), next];
    },
    unroll: (x, call) => unrolled(info.name, cell, returns, x, call),
  });
}

function unrolled<S extends TensorTree>(
  name: string,
  cell: Cell<S>,
  returns: Returns,
  x: Tensor,
  call: RecurrentCall<S>,
): Unrolled<S> {
  const zeros = filled(cell.form, (units) => zerosBeside(x, [x.shape[0]!, units]));
  atUserLine(() => checkCall(name, cell, x, zeros, call));
  const lengths = call.lengths && checkedLengths(name, call.lengths, x);
  const nudges = call.nudge ? replaceTensors(call.nudge, name, timeFirst) : [];
  const turn = (state: TensorTree, [input, nudge]: readonly [Tensor, TensorTree], at: Turn) => {
    const made = cell.next(input, state as S);
    const next = call.nudge ? pairwise(made, nudge, (a, b) => a.add(b)) : made;
    if (!lengths) return [next, returns === "sequence" ? cell.outputOf(next as S) : []] as const;
    const alive = lengths.greater(at).expandDims(1) as Tensor<Shape, "bool">;
    const kept = pairwise(next, state, (a, b) => ops.where(alive, a, b));
    return [kept, returns === "sequence" ? ops.where(alive, cell.outputOf(next as S), 0) : []] as const;
  };
  const options = { reverse: call.reverse ?? false };
  const sequences: TensorTree = [timeFirst(x), nudges];
  const [state, outputs] = scanTrees(turn as never, call.initial ?? zeros, sequences, options) as [S, Tensor];
  return { output: returns === "sequence" ? timeFirst(outputs) : cell.outputOf(state), state };
}

function checkedLengths(name: string, lengths: Tensor, x: Tensor): Tensor {
  return new Tensor(checkedIndex(lengths.handle, addSizes(x.type.shape[1]!, 1), `${name}: length`));
}

/** `[batch, time, …]` as `[time, batch, …]`, and back. */
function timeFirst(x: Tensor): Tensor {
  return x.transpose([1, 0, 2]);
}

/** Zeros of the dtype of x, by its owner. */
function zerosBeside(x: Tensor, shape: readonly Dim[]): Tensor {
  return new Tensor(broadcastTo(scalarLike(x.handle, 0), sizesOf(shape)));
}

function filled(form: StateForm, make: (units: number) => Tensor): TensorTree {
  if (typeof form === "number") return make(form);
  if (Array.isArray(form)) return (form as readonly StateForm[]).map((part) => filled(part, make));
  return Object.fromEntries(Object.entries(form).map(([key, part]) => [key, filled(part, make)]));
}

/** Tensors in the same places of two trees, made one. */
function pairwise(a: TensorTree, b: TensorTree, by: (a: Tensor, b: Tensor) => Tensor): TensorTree {
  const others = tensorsIn(b, "the state");
  let next = 0;
  return replaceTensors(a, "the state", (x) => by(x, others[next++]!));
}

function checkInput(name: string, x: Tensor): void {
  if (x.rank === 3) return;
  throw new ShapeError(`${name}: x is ${printType(x.type)}, not [batch, time, features]`);
}

function checkCall<S extends TensorTree>(
  name: string,
  { form }: Cell<S>,
  x: Tensor,
  zeros: TensorTree,
  { initial, lengths, nudge }: RecurrentCall<S>,
): void {
  const [batch, time] = x.shape as readonly [Dim, Dim, Dim];
  if (initial) checkState(name, "the initial state", initial, zeros);
  if (nudge)
    checkState(
      name,
      "the nudge",
      nudge,
      filled(form, (units) => zerosBeside(x, [batch, time, units])),
    );
  if (!lengths || (lengths.dtype === "i32" && sameShape(lengths.type.shape, x.type.shape.slice(0, 1)))) return;
  const want = printType({ dtype: "i32", shape: x.type.shape.slice(0, 1) });
  throw new ShapeError(`${name}: lengths are ${printType(lengths.type)}, not ${want}`);
}

function checkState(name: string, what: string, given: TensorTree, like: TensorTree): void {
  const [found, wanted] = [given, like].map((tree) =>
    tensorsIn(tree, what)
      .map((x) => printType(x.type))
      .join(", "),
  );
  if (found === wanted) return;
  throw new ShapeError(`${name}: ${what} is ${found}, not ${wanted}`);
}
