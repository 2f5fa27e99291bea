// One mode of a model, timed in a process of its own: what `compare` starts. Compile time counts from the first call that
// builds the graph to the end of the first run.
import { runsOf } from "#ir/plan-flow.js";
import type { Plan } from "#ir/plan.js";
import type { Command } from "commander";
import { eagerStats, resetEagerStats } from "../eager/eager.js";
import type { Feeds } from "../feeds.js";
import type { ModelDefinition } from "../define-model.js";
import type { Mode } from "../mode.js";
import { epochsOf } from "./epochs.js";
import { loadModel } from "./load-model.js";
import { integer } from "./options.js";

/** How long to go on: exactly `steps`, or until both a number of steps and a time are reached. */
export interface Extent {
  readonly steps?: number;
}

/** What one mode took. */
export interface Measurement {
  readonly mode: Mode;
  readonly model: string;
  /** Of every step, the first included, in ms. The compiled first step includes building the graph and compiling it. */
  readonly times: readonly number[];
  readonly losses: readonly number[];
  /** The part of the first step that was the call of `run` or the eager step itself. */
  readonly firstStepMs: number;
  /** Launches of one step. */
  readonly kernels: number;
  /** Eager: the most bytes alive at once. */
  readonly bytes: number;
  /** Compiled: the plan's figures. */
  readonly memory: { readonly naive: number; readonly planned: number; readonly lowerBound: number } | null;
}

const defaults = { least: 200, most: 20_000, ms: 1000 };

/** Adds the command, which help does not show. */
export function measureCommand(program: Command): void {
  program
    .command("measure <script> <mode>", { hidden: true })
    .option("--steps <n>", "", integer(1))
    .option("--seed <n>", "", integer(0))
    .action(async (script: string, mode: Mode, options: Extent & { readonly seed?: number }) => {
      const definition = await loadModel(script);
      const measured = await measure(definition, mode, options, options.seed);
      process.send?.(measured);
    });
}

/** Takes training steps in one mode and times each. */
export async function measure(
  definition: ModelDefinition,
  mode: Mode,
  { steps }: Extent,
  seed?: number,
): Promise<Measurement> {
  const data = await definition.data();
  const batches = epochsOf(data)[Symbol.iterator]();
  const instance = definition.create(seed === undefined ? {} : { seed });
  const [times, losses]: [number[], number[]] = [[], []];
  let [step, firstStepMs]: [((feeds: Feeds) => number) | null, number] = [null, 0];
  let executable: ReturnType<typeof instance.train> | null = null;
  const start = performance.now();
  const goesOn = (): boolean => {
    const done = times.length;
    if (steps !== undefined) return done < steps;
    return done < defaults.least || (performance.now() - start < defaults.ms && done < defaults.most);
  };
  while (goesOn()) {
    const next = batches.next();
    if (next.done) break;
    if (times.length === 1) resetEagerStats();
    const begin = performance.now();
    if (!step) {
      if (mode === "compiled") {
        const train = (executable = instance.train());
        step = (feeds) => train.run(feeds).loss.data[0]!;
      } else step = (feeds) => instance.eagerStep(feeds);
    }
    const called = performance.now();
    losses.push(step(next.value));
    const end = performance.now();
    if (times.length === 0) firstStepMs = end - called;
    times.push(end - begin);
  }
  const plan = executable ? planOf(executable, data.batches(0)) : null;
  const stats = eagerStats();
  return {
    mode,
    model: definition.name,
    times,
    losses,
    firstStepMs,
    kernels: plan ? launchesOf(plan) : Math.round(stats.launches / Math.max(1, times.length - 1)),
    bytes: plan ? 0 : stats.bytesPeak,
    memory: plan?.memory ?? null,
  };
}

/** Launches of a run; those of loops whose length only the run knows count once. */
function launchesOf(plan: Plan): number {
  return plan.steps.reduce((sum, _, step) => sum + runsOf(plan, step), 0);
}

function planOf(executable: ReturnType<ReturnType<ModelDefinition["create"]>["train"]>, batches: Iterable<Feeds>) {
  for (const feeds of batches) return executable.specializationFor(feeds).plan;
  return null;
}
