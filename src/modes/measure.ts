// One mode of a model, timed: what `compare` and `measureScript` start in a process of its own. Compile time counts from the
// first call that builds the graph to the end of the first run.
import { runsOf } from "#ir/plan-flow.js";
import type { Plan } from "#ir/plan.js";
import type { DataFolder, ModelData, ModelDefinition } from "../define-model.js";
import { eagerStats, resetEagerStats } from "../eager/eager.js";
import type { Executable } from "../executable.js";
import type { Feeds } from "../feeds.js";
import type { Mode } from "../mode.js";

/** How much to measure, and how. */
export interface MeasureOptions {
  /** Exactly so many training steps. */
  readonly steps?: number;
  /** At least so long and ten steps, where `steps` does not say; otherwise at least 200 steps and one second. */
  readonly seconds?: number;
  /** Of the compiled program, as `compile` takes it; eager code uses one. */
  readonly threads?: number;
  /** The model's own where nothing is said. */
  readonly seed?: number;
  /** A folder of data in place of the script's own. */
  readonly data?: string;
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
  /** Bytes that the launches of one step read and write, each operand and result once, as the compiler counts them. */
  readonly traffic: number;
  /** Eager: the most bytes alive at once. */
  readonly bytes: number;
  /** Compiled: the plan's figures. */
  readonly memory: { readonly naive: number; readonly planned: number; readonly lowerBound: number } | null;
}

const most = 20_000;

/** Takes training steps in one mode and times each. */
export async function measure(
  definition: ModelDefinition,
  mode: Mode,
  options: MeasureOptions = {},
): Promise<Measurement> {
  const { seed, threads } = options;
  const from: DataFolder = options.data === undefined ? {} : { dir: options.data };
  const data = await definition.data(from);
  const batches = epochsOf(data)[Symbol.iterator]();
  const instance = definition.create(seed === undefined ? {} : { seed });
  const [times, losses]: [number[], number[]] = [[], []];
  let [step, firstStepMs]: [((feeds: Feeds) => number) | null, number] = [null, 0];
  let executable: Executable | null = null;
  const start = performance.now();
  while (goesOn(times.length, performance.now() - start, options)) {
    const next = batches.next();
    if (next.done) break;
    if (times.length === 1) resetEagerStats();
    const begin = performance.now();
    if (!step) {
      if (mode === "compiled") {
        const train = instance.train(threads === undefined ? {} : { threads });
        executable = train as unknown as Executable;
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
  const perStep = (count: number): number => Math.round(count / Math.max(1, times.length - 1));
  return {
    mode,
    model: definition.name,
    times,
    losses,
    firstStepMs,
    kernels: plan ? sumOfRuns(plan, () => 1) : perStep(stats.launches),
    traffic: plan ? sumOfRuns(plan, (step) => plan.steps[step]!.kernel.bytes) : perStep(stats.bytesMoved),
    bytes: plan ? 0 : stats.bytesPeak,
    memory: plan?.memory ?? null,
  };
}

function goesOn(done: number, ms: number, { steps, seconds }: MeasureOptions): boolean {
  if (steps !== undefined) return done < steps;
  const [leastSteps, leastMs] = seconds === undefined ? [200, 1000] : [10, 1000 * seconds];
  return done < leastSteps || (ms < leastMs && done < most);
}

/** All batches of epoch 0, then of epoch 1, without end; ends where an epoch has no batch. */
export function* epochsOf(data: ModelData): Generator<Feeds> {
  for (let epoch = 0; ; epoch++) {
    let some = false;
    for (const feeds of data.batches(epoch)) {
      some = true;
      yield feeds;
    }
    if (!some) return;
  }
}

/** A figure of the launches of a run, summed; those of loops whose length only the run knows count once. */
function sumOfRuns(plan: Plan, of: (step: number) => number): number {
  return plan.steps.reduce((sum, _, step) => sum + of(step) * runsOf(plan, step), 0);
}

function planOf(executable: Executable, batches: Iterable<Feeds>): Plan | null {
  for (const feeds of batches) return executable.specializationFor(feeds).plan;
  return null;
}
