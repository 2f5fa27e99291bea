// Where random numbers come from: a key made of the seed, the name scope and how many random ops of that scope came before,
// and a counter of runs. No line of the program takes part, so that the same program draws the same bits wherever it is.
import type { Applier, Draw, Parameter } from "./node.js";
import { constant, parameter } from "./ops/leaves.js";
import { currentScope } from "./origin.js";
import { threefryOf } from "./threefry.js";

/** In turn t of a loop a key k is `k · keyOfTurn + t`: an odd number, so that turns of loops in loops differ. */
export const keyOfTurn = 0x9e3779b1 | 0;

/** Hands out keys; every graph has one, eager code starts one anew at every step. */
export class RandomSource {
  #ordinals = new Map<string, number>();
  /** The turns under way, the outermost loop first. */
  readonly #turns: number[] = [];

  constructor(
    /** An integer of at most 53 bits. */
    readonly seed: number,
    /** An i32 scalar: the number of the run. */
    readonly counter: Parameter,
  ) {}

  /** Whether something was drawn since the start. */
  get used(): boolean {
    return this.#ordinals.size > 0;
  }

  /** What the next random op of the current name scope draws from, as operands of `owner`. */
  draw(owner: Applier): Draw {
    const scope = currentScope();
    const ordinal = this.#ordinals.get(scope) ?? 0;
    this.#ordinals.set(scope, ordinal + 1);
    const number = (value: number) => owner.apply(constant, [], { value, dtype: "i32", shape: [] })[0]!;
    const [key0, first] = randomKey(this.seed, scope, ordinal);
    const key1 = this.#turns.reduce((key, turn) => (Math.imul(key, keyOfTurn) + turn) | 0, first);
    return {
      counter: owner.apply(parameter, [], { parameter: this.counter })[0]!,
      key0: number(key0),
      key1: number(key1),
    };
  }

  /** Runs the turns of a loop, all of which draw under the same ordinals: a loop of eager code draws what one of a graph does. */
  loop(): (turn: number, run: () => void) => void {
    const before = new Map(this.#ordinals);
    return (turn, run) => {
      this.#ordinals = new Map(before);
      this.#turns.push(turn);
      try {
        run();
      } finally {
        this.#turns.pop();
      }
    };
  }

  /** Counts from zero again in every scope. */
  restart(): void {
    this.#ordinals.clear();
  }
}

const keys = new Map<string, readonly [number, number]>();
const mostKeys = 4096;

/** The key of the `ordinal`th random op of a name scope: seed, ordinal and name, mixed by Threefry, two characters at a time. */
export function randomKey(seed: number, scope: string, ordinal: number): readonly [number, number] {
  const text = `${seed} ${ordinal} ${scope}`;
  let key = keys.get(text);
  if (!key) {
    if (keys.size === mostKeys) keys.clear();
    keys.set(text, (key = mixed(seed, scope, ordinal)));
  }
  return key;
}

function mixed(seed: number, scope: string, ordinal: number): readonly [number, number] {
  let words = threefryOf([seed | 0, Math.floor(seed / 2 ** 32) | 0], [ordinal, scope.length]);
  for (let i = 0; i < scope.length; i += 2) {
    words = threefryOf(words, [scope.charCodeAt(i), i + 1 < scope.length ? scope.charCodeAt(i + 1) : 0]);
  }
  return words;
}
