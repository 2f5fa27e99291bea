// Checkpoints: a training that is killed loses nothing but the work since the last one.
import { DataError } from "#ir/errors.js";
import { mistake, requireCount, requireKnown } from "../optim/check.js";
import type { Callback } from "./callback.js";
import { checkpointsIn, readCheckpoint, removeOld, writeCheckpoint } from "./checkpoint-files.js";
import type { Run } from "./run.js";

/** Options of checkpoints. */
export interface CheckpointOptions {
  /** After every so many epochs, and at the end; after every one where nothing is said. */
  readonly every?: number;
  /** After every so many steps too. */
  readonly everySteps?: number;
  /** How many files are kept; 3 where nothing is said. */
  readonly keep?: number;
  /** Goes on from the latest file of the folder, where there is one. Without it the folder must hold none. */
  readonly resume?: boolean;
}

/**
 * Saves all that a training is made of in a folder: parameters, what the optimiser keeps, the counter of random numbers, where
 * it stands, losses and figures, what callbacks remember. A file appears whole or not at all. A training that goes on from one
 * ends with the weights, to the bit, of one that was never interrupted. A callback of `fit`; only in Node.js.
 */
export function checkpoints(folder: string, options: CheckpointOptions = {}): Callback {
  requireKnown("checkpoints", options, ["every", "everySteps", "keep", "resume"]);
  const { every = 1, everySteps = Infinity, keep = 3, resume = false } = options;
  if (typeof folder !== "string" || folder === "") throw mistake(`checkpoints: the folder is ${String(folder)}`);
  requireCount("checkpoints", "every", every);
  requireCount("checkpoints", "keep", keep);
  if (everySteps !== Infinity) requireCount("checkpoints", "everySteps", everySteps);
  const save = async (run: Run): Promise<void> => {
    await writeCheckpoint(folder, run);
    await removeOld(folder, keep);
  };
  return {
    name: "checkpoints",
    async restore(run) {
      const latest = (await checkpointsIn(folder)).at(-1);
      if (latest === undefined) return;
      if (!resume) {
        const help = "{ resume: true } goes on from it; or take another folder";
        throw new DataError(`checkpoints: ${folder} holds checkpoints of an earlier training, the latest ${latest}`, {
          help,
        });
      }
      const { tensors, facts } = await readCheckpoint(latest);
      run.restore(tensors, facts, latest);
    },
    save(run, at) {
      const last = run.epoch >= run.epochs || run.losses.length >= run.mostSteps || run.stopped !== null;
      if (at === "cut" || (at === "epoch" && (last || run.epoch % every === 0))) return save(run);
      if (at === "step" && run.losses.length % everySteps === 0) return save(run);
    },
  };
}
