// Branches and loops with a condition inside a graph: cond and whileLoop. With numbers in place of symbolic tensors they are
// plain `if` and `while`.
import { Body } from "#ir/body.js";
import { GraphError, RunError } from "#ir/errors.js";
import { endless } from "#ir/flow-gradients.js";
import { limitMessage } from "#ir/evaluate-flow.js";
import { constant } from "#ir/ops/leaves.js";
import type { Applier, Operand, Value } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { add } from "#ir/ops/arithmetic.js";
import { branch, loop } from "#ir/ops/loops.js";
import { printType, sameType } from "#ir/type.js";
import { currentRandom } from "./random-state.js";
import { type Tensor } from "./tensor.js";
import { type Reshaped, tensorsIn, type TensorTree } from "./tensor-trees.js";
import { commonCaptures, expectPredicate, graphOf, matched, operandIn, refilled } from "./traced-body.js";

export interface WhileOptions {
  /**
   * The most turns, a million where nothing is said: a condition that still holds then is a RunError. Gradients need it
   * said: they keep room for so many turns.
   */
  readonly maxIterations?: number;
}

/**
 * `s ← body(s)` as long as `condition(s)` holds. In a graph the loop runs inside the compiled program, and both functions
 * are called once; with eager tensors they are called in every turn. Throws ShapeErrors where the state changes its type,
 * GraphErrors where the condition is no bool scalar; a run throws a RunError where the limit is passed.
 */
export function whileLoop<S extends TensorTree>(
  condition: (state: Reshaped<S>) => Tensor,
  body: (state: Reshaped<S>) => TensorTree,
  init: S,
  options?: WhileOptions,
): Reshaped<S>;
export function whileLoop(
  condition: (state: never) => Tensor,
  body: (state: never) => TensorTree,
  init: TensorTree,
  options: WhileOptions = {},
): TensorTree {
  return atUserLine(() => {
    const { maxIterations = endless } = options;
    if (!(Number.isInteger(maxIterations) && maxIterations >= 0 && maxIterations < 2 ** 31)) {
      throw new GraphError(`maxIterations is ${maxIterations}, not a number of turns`);
    }
    return new While({ condition, body, init }, maxIterations).run();
  }, "whileLoop");
}

class While {
  readonly #states: readonly Tensor[];

  constructor(
    readonly parts: {
      readonly condition: (state: never) => Tensor;
      readonly body: (state: never) => TensorTree;
      readonly init: TensorTree;
    },
    readonly limit: number,
  ) {
    this.#states = tensorsIn(parts.init, "the initial state");
    if (this.#states.length === 0) throw new GraphError("a loop with a condition needs a state");
  }

  run(): TensorTree {
    const owner = graphOf(this.#states);
    if (owner) return this.#inGraph(owner);
    const within = currentRandom().eager.loop();
    let state = this.parts.init;
    for (let turn = 0; ; turn++) {
      const holds = this.parts.condition(state as never);
      expectPredicate("the condition", holds);
      if (turn === 0 && holds.symbolic) return this.#inGraph(holds.handle.owner);
      if (holds.item() === 0) return state;
      if (turn === this.limit) throw new RunError(limitMessage(turn));
      within(turn, () => (state = this.parts.body(state as never)));
      const found = matched("the body", state, this.#states);
      const inner = turn === 0 ? graphOf(found) : null;
      if (inner) return this.#inGraph(inner);
    }
  }

  /** A first state of its own counts the turns: gradients go as many back. */
  #inGraph(owner: Applier): TensorTree {
    const { condition, body, init } = this.parts;
    const first = this.#states.map((x) => operandIn(owner, x));
    const zero = owner.apply(constant, [], { value: 0, dtype: "i32", shape: [] })[0]!;
    const sides = ["test", "body"].map((name) => {
      const own = new Body(name, owner);
      return { own, states: [zero, ...first].map((x, i) => own.declare(i === 0 ? "turn" : `state${i - 1}`, x.type)) };
    });
    const [test, turn] = sides as [(typeof sides)[0], (typeof sides)[0]];
    test.own.turn = test.states[0]!;
    turn.own.turn = turn.states[0]!;
    const holds = condition(refilled(init, test.states.slice(1)) as never);
    expectPredicate("the condition", holds);
    const next = matched("the body", body(refilled(init, turn.states.slice(1)) as never), this.#states);
    const outputs = [add(turn.states[0]!, 1), ...next.map((x) => operandIn(turn.own, x))];
    const captures = commonCaptures([test.own, turn.own]);
    const graphOfSide = ({ own, states }: (typeof sides)[0], given: readonly Operand[]) =>
      own.graph([...captures.map((x) => own.lift(x)), ...states], given);
    const made = loop([...captures, zero, ...first], {
      turns: this.limit,
      captures: captures.length,
      states: 1 + first.length,
      test: graphOfSide(test, [operandIn(test.own, holds)]),
      body: graphOfSide(turn, outputs),
    });
    return refilled(init, made.slice(1));
  }
}

/**
 * `then()` where the predicate holds, else `otherwise()`, which give tensors of the same types in the same lists and records.
 * In a graph both are called once, and a run computes one of them; with an eager predicate one is called. Throws GraphErrors
 * where the predicate is no bool scalar, or the two give other types.
 */
export function cond<R extends TensorTree>(predicate: Tensor, then: () => R, otherwise: () => NoInfer<R>): R;
export function cond(predicate: Tensor, then: () => TensorTree, otherwise: () => TensorTree): TensorTree {
  return atUserLine(() => {
    expectPredicate("the predicate", predicate);
    if (!predicate.symbolic) return predicate.item() === 0 ? otherwise() : then();
    const { owner } = predicate.handle;
    const sides = [then, otherwise].map((build, i) => {
      const own = new Body(i === 0 ? "then" : "otherwise", owner);
      const tree = owner.redirect ? owner.redirect(own, build) : build();
      return { own, tree, found: tensorsIn(tree, own.name).map((x) => operandIn(own, x)) };
    });
    const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
    expectAlike(a.found, b.found);
    const captures = commonCaptures([a.own, b.own]);
    const graphOfSide = ({ own, found }: (typeof sides)[0]) => own.graph(captures.map((x) => own.lift(x)), found); // prettier-ignore
    const made = branch([predicate.handle, ...captures], { then: graphOfSide(a), otherwise: graphOfSide(b) });
    return refilled(a.tree, made);
  }, "cond");
}

function expectAlike(a: readonly Operand[], b: readonly Operand[]): void {
  if (a.length !== b.length) throw new GraphError(`one branch gives ${a.length} tensors, the other ${b.length}`);
  a.forEach((x, i) => {
    const y = b[i]! as Value;
    if (sameType(x.type, y.type)) return;
    throw new GraphError(`one branch gives ${printType(x.type)}, the other ${printType(y.type)}`);
  });
}
