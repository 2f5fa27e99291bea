// What a training tells its callbacks, and what they may do.
import type { State } from "../nn/state.js";
import type { EpochRecord } from "./history.js";
import type { Run } from "./run.js";

/** What a callback remembers, for checkpoints. */
export interface CallbackState {
  /** Anything that JSON holds. */
  readonly facts: unknown;
  readonly tensors?: State;
}

/** Takes part in a training; all of it is optional but the name. Callbacks are called in the order in which they are given. */
export interface Callback {
  /** Unique in a training; its state is saved under it. */
  readonly name: string;
  /** Called first of all: forgets an earlier training. */
  reset?(): void;
  /** Called next, to go on from a checkpoint. */
  restore?(run: Run): void | Promise<void>;
  /** Called before the first step. */
  begin?(run: Run): void | Promise<void>;
  /** Called after every step. */
  stepEnd?(loss: number, run: Run): void;
  /** Called after every epoch, once it has been validated. */
  epochEnd?(record: EpochRecord, run: Run): void | Promise<void>;
  /**
   * Called when all callbacks have seen a step or an epoch, for saving: what is saved now goes on with the next one. "cut" is
   * the end in the middle of an epoch; it comes before that epoch's record.
   */
  save?(run: Run, at: "step" | "epoch" | "cut"): void | Promise<void>;
  /** Called after the last epoch. */
  end?(run: Run): void | Promise<void>;
  /** Called at the very end, also after an error. */
  close?(): void;
  /** What it must remember to go on as if nothing had happened. */
  state?(): CallbackState;
  /** Goes on from such a state. */
  load?(state: CallbackState): void;
}

/** A callback, or a function that is called after every epoch. */
export type CallbackLike = Callback | ((record: EpochRecord, run: Run) => void | Promise<void>);

/** Functions as callbacks. */
export function asCallback(like: CallbackLike, index: number): Callback {
  return typeof like === "function" ? { name: `function ${index + 1}`, epochEnd: like } : like;
}
