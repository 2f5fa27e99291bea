// Loops inside a graph: scan and fori. With numbers in place of symbolic tensors they are plain `for` loops.
import type { Body } from "#ir/body.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import type { Applier, Operand } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { concat, stack } from "#ir/ops/joining.js";
import { iota } from "#ir/ops/leaves.js";
import { reshape } from "#ir/ops/movement.js";
import { slice } from "#ir/ops/slicing.js";
import { printSize, sameSize, type Size, toSize } from "#ir/size.js";
import { printType } from "#ir/type.js";
import { tensor } from "./creation.js";
import { currentRandom } from "./random-state.js";
import type { Dim } from "./shapes.js";
import { Tensor } from "./tensor.js";
import { replaceTensors, type Reshaped, tensorsIn, type TensorTree } from "./tensor-trees.js";
import { graphOf, loopOf, matched, operandIn, refilled } from "./traced-body.js";

/** The number of the turn, from 0. */
export type Turn = Tensor<[], "i32">;

export interface ScanOptions {
  /** From the last element of the sequences to the first; results stand where the elements do that they belong to. */
  readonly reverse?: boolean;
  /** The number of turns; needed where there are no sequences. */
  readonly length?: Dim;
  /**
   * Keeps the states of every `checkpoint`th turn alone for gradients, which compute the turns between again: about a
   * `checkpoint`th of the memory for one more forward pass.
   */
  readonly checkpoint?: number;
  /** Writes every turn out, with no loop in the program: for a few turns of little work. */
  readonly unroll?: boolean;
}

/** What a turn gives: the next state, and what is stacked over all turns. */
export type Step<S, X, Y> = (state: S, x: X, turn: Turn) => readonly [next: TensorTree, output?: Y];

/**
 * `sᵢ₊₁, yᵢ = step(sᵢ, xᵢ, i)` over the elements of sequences along their first axis; gives the last state and every y,
 * stacked. State, sequences and outputs are tensors, or lists and records of them. In a graph the loop runs inside the
 * compiled program, and `step` is called once; with eager tensors it is called in every turn. Throws ShapeErrors where the
 * state changes its type or sequences differ in length.
 */
export function scan<S extends TensorTree, X extends TensorTree, Y extends TensorTree = []>(
  step: Step<Reshaped<S>, Reshaped<X>, Y>,
  init: S,
  sequences: X,
  options?: ScanOptions,
): [state: Reshaped<S>, outputs: Reshaped<Y>];
export function scan(
  step: Step<never, never, TensorTree>,
  init: TensorTree,
  sequences: TensorTree = [],
  options: ScanOptions = {},
): [TensorTree, TensorTree] {
  return atUserLine(() => {
    return new Scan(step as unknown as AnyStep, init, sequences, options).run();
  }, "scan");
}

/** `s ← body(i, s)` for i from 0 to `turns` − 1; a scan without sequences. */
export function fori<S extends TensorTree>(
  turns: Dim,
  body: (turn: Turn, state: Reshaped<S>) => TensorTree,
  init: S,
  options?: Omit<ScanOptions, "length">,
): Reshaped<S>;
export function fori(
  turns: Dim,
  body: (turn: Turn, state: never) => TensorTree,
  init: TensorTree,
  options: Omit<ScanOptions, "length"> = {},
): TensorTree {
  const step: AnyStep = (state, _, turn) => [body(turn, state as never)];
  return atUserLine(() => new Scan(step, init, [], { ...options, length: turns }).run()[0], "fori");
}

type AnyStep = Step<TensorTree, TensorTree, TensorTree>;

class Scan {
  readonly #states: readonly Tensor[];
  readonly #sequences: readonly Tensor[];
  readonly #turns: Size;

  constructor(
    readonly step: AnyStep,
    readonly init: TensorTree,
    readonly sequences: TensorTree,
    readonly options: ScanOptions,
  ) {
    this.#states = tensorsIn(init, "the initial state");
    this.#sequences = tensorsIn(sequences, "the caller");
    this.#turns = lengthOf(this.#sequences, options.length);
    const { checkpoint } = options;
    if (checkpoint !== undefined && !(Number.isInteger(checkpoint) && checkpoint >= 1)) {
      throw new GraphError(`checkpoint is ${checkpoint}, not a number of turns`);
    }
  }

  run(): [TensorTree, TensorTree] {
    const owner = graphOf([...this.#states, ...this.#sequences]);
    if (!owner || this.options.unroll) return this.#turnByTurn();
    return this.#inGraph(owner);
  }

  /** A loop of the graph; in segments where it has checkpoints. */
  #inGraph(owner: Applier): [TensorTree, TensorTree] {
    const states = this.#states.map((x) => operandIn(owner, x));
    const sequences = this.#sequences.map((x) => operandIn(owner, x));
    const like = states[0] ?? sequences[0];
    if (!like) throw new GraphError("a loop needs a state or a sequence");
    const all = [...sequences, iota(like, [this.#turns], 0, "i32")];
    const [turns, every] = [this.#turns, this.options.checkpoint];
    if (every === undefined || (typeof turns === "number" && turns <= every))
      return this.#loop(owner, states, all, turns);
    if (typeof turns !== "number") throw new GraphError(`a loop of ${printSize(turns)} turns has no segments: their number must be known`); // prettier-ignore
    return this.#inSegments(owner, states, all, turns, every);
  }

  /** A loop over segments of `every` turns, whose insides gradients compute again, and one over what is left. */
  #inSegments(
    owner: Applier,
    states: readonly Operand[],
    sequences: readonly Operand[],
    turns: number,
    every: number,
  ): [TensorTree, TensorTree] {
    const reverse = this.options.reverse ?? false;
    const count = Math.floor(turns / every);
    const rest = turns - count * every;
    const cut = (x: Operand, from: number, to: number): Operand =>
      from === 0 && to === turns ? x : cutOut(x, from, to - from);
    // What is left is done last: going backwards, that is the beginning.
    const [first, last] = reverse ? [rest, turns] : [0, turns - rest];
    const inside = (own: Applier, s: readonly Operand[], xs: readonly Operand[]) => {
      const [next, ys] = this.#loop(own, s, xs, every);
      return [tensorsIn(next, "the step"), ys] as const;
    };
    const parts = sequences.map((x) => reshape(cut(x, first, last), [count, every, ...x.type.shape.slice(1)]));
    const [middle, stacked] = loopOf(owner, states, parts, count, { reverse, recompute: true }, inside);
    const joined = (y: Operand): Operand => reshape(y, [count * every, ...y.type.shape.slice(2)]);
    if (rest === 0) return [refilled(this.init, middle), mapTree(stacked, joined)];
    const left = sequences.map((x) => (reverse ? cut(x, 0, rest) : cut(x, turns - rest, turns)));
    const [end, others] = this.#loop(owner, middle, left, rest);
    const later = tensorsIn(others, "the step").map((y) => y.handle);
    let next = 0;
    const whole = mapTree(stacked, (y) =>
      concat(reverse ? [later[next++]!, joined(y)] : [joined(y), later[next++]!], 0),
    );
    return [end, whole];
  }

  /** One loop, whose last sequence counts the turns. */
  #loop(
    owner: Applier,
    states: readonly Operand[],
    sequences: readonly Operand[],
    turns: Size,
  ): [TensorTree, TensorTree] {
    const { reverse = false } = this.options;
    const turn = (own: Body, s: readonly Operand[], xs: readonly Operand[]) => {
      own.turn = xs.at(-1)!;
      const made = this.#call(refilled(this.init, s), refilled(this.sequences, xs), own.turn);
      return [matched("the step", made[0], this.#states), made[1] ?? []] as const;
    };
    const [last, outputs] = loopOf(owner, states, sequences, turns, { reverse, recompute: false }, turn);
    return [refilled(this.init, last), outputs];
  }

  #call(state: TensorTree, x: TensorTree, turn: Operand): readonly [TensorTree, TensorTree?] {
    const made = this.step(state, x, new Tensor<[], "i32">(turn));
    if (Array.isArray(made) && made.length >= 1 && made.length <= 2) return made;
    throw new GraphError("the step gives no list of the next state and, where there is one, an output", {
      help: "return [state] or [state, output]",
    });
  }

  /** Plain turns, for tensors with numbers. Where the step turns out to be symbolic, it becomes a loop of its graph. */
  #turnByTurn(): [TensorTree, TensorTree] {
    const turns = this.#turns;
    if (typeof turns !== "number") throw new GraphError(`a loop of ${printSize(turns)} turns cannot be written out`);
    const within = currentRandom().eager.loop();
    let state = this.init;
    const outputs: TensorTree[] = [];
    for (let k = 0; k < turns; k++) {
      const i = this.options.reverse ? turns - 1 - k : k;
      const x = replaceTensors(this.sequences, "the caller", (s) => new Tensor(elementAt(s.handle, i)));
      let made: readonly [TensorTree, TensorTree?] = [[]];
      within(i, () => (made = this.#call(state, x, tensor(i, { dtype: "i32" }).handle)));
      const next = matched("the step", made[0], this.#states);
      const output = made[1] ?? [];
      if (k === 0 && !this.options.unroll) {
        const owner = graphOf([...next, ...tensorsIn(output, "the step")]);
        if (owner) return this.#inGraph(owner);
      }
      state = made[0];
      outputs.push(output);
    }
    if (this.options.reverse) outputs.reverse();
    if (outputs.length === 0) throw new GraphError("a loop of 0 turns has no outputs to stack");
    return [state, stackTrees(outputs)];
  }
}

/** The number of turns, on which all sequences agree. */
function lengthOf(sequences: readonly Tensor[], length: Dim | undefined): Size {
  const [first, ...others] = sequences;
  for (const x of sequences) if (x.rank === 0) throw new ShapeError(`a sequence is ${printType(x.type)}, which has no first axis`); // prettier-ignore
  if (!first) {
    if (length === undefined)
      throw new GraphError("a loop without sequences needs a length", { help: "{ length: 10 }" });
    const size = toSize(length);
    if (typeof size === "number" && !(Number.isInteger(size) && size >= 0)) throw new GraphError(`${size} is no number of turns`); // prettier-ignore
    return size;
  }
  const size = first.type.shape[0]!;
  const other = others.find((x) => !sameSize(x.type.shape[0]!, size));
  if (other) {
    throw new ShapeError(`the sequences differ in length: ${printType(first.type)} and ${printType(other.type)}`);
  }
  if (length === undefined || sameSize(toSize(length), size)) return size;
  throw new ShapeError(
    `the sequences have ${printSize(size)} elements, but the length is ${printSize(toSize(length))}`,
  );
}

/** Element `i` along the first axis. */
function elementAt(x: Operand, i: number): Operand {
  return reshape(cutOut(x, i, 1), x.type.shape.slice(1));
}

/** `count` elements along the first axis. */
function cutOut(x: Operand, from: number, count: number): Operand {
  const [, ...shape] = x.type.shape;
  return slice(x, [from, ...shape.map(() => 0)], [count, ...shape]);
}

function mapTree(tree: TensorTree, map: (x: Operand) => Operand): TensorTree {
  return replaceTensors(tree, "the step", (x) => new Tensor(map(x.handle)));
}

/** A tree whose tensors are those of many trees along a new first axis. */
function stackTrees(trees: readonly TensorTree[]): TensorTree {
  const lists = trees.map((tree) => tensorsIn(tree, "the step"));
  let next = 0;
  return replaceTensors(trees[0]!, "the step", () => {
    const place = next++;
    return new Tensor(stacked(lists.map((list) => list[place]!.handle)));
  });
}

/** Along a new first axis. Many are joined group by group: a program of one concat is nested as deep as it has operands. */
function stacked(all: readonly Operand[]): Operand {
  const most = 64;
  if (all.length <= most) return stack(all, 0);
  let parts = groupsOf(all, most).map((group) => stack(group, 0));
  while (parts.length > 1) parts = groupsOf(parts, most).map((group) => concat(group, 0));
  return parts[0]!;
}

function groupsOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
