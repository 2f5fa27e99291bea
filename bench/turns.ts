// Times steps of several libraries by turns, so that all see the same load.
import { limitProbe } from "./limits.js";
import { leastOf, medianOf } from "./statistics.js";
import type { Step } from "./workload.js";

/** Milliseconds a step. */
export interface Timing {
  readonly median: number;
  readonly least: number;
  readonly turns: number;
}

export interface Timings {
  readonly of: Readonly<Record<string, Timing>>;
  /** In the same turns: GFLOP/s of one core, GB/s; the median and the most. */
  readonly peak: { readonly median: number; readonly most: number };
  readonly triad: { readonly median: number; readonly most: number };
}

interface Contender {
  readonly name: string;
  readonly step: Step;
  /** Steps in one turn. */
  repeat: number;
  readonly times: number[];
}

/** About so many milliseconds is a turn, where a step does not need more. */
const turn = 8;

/** Runs the steps by turns for so many seconds, and at least five times each. */
export async function takeTurns(steps: ReadonlyMap<string, Step>, seconds: number): Promise<Timings> {
  const probe = await limitProbe();
  const contenders = [...steps].map(([name, step]): Contender => ({ name, step, repeat: 1, times: [] }));
  for (const contender of contenders) await warmUp(contender);
  const peaks: number[] = [];
  const triads: number[] = [];
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < 5 || performance.now() < end; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length]!;
      // Lets the threads of the one before go to sleep, and caches see this one's numbers.
      await pause(2);
      if (contender.repeat > 1) await contender.step.run();
      contender.times.push(await timeOf(contender.step, contender.repeat));
      peaks.push(probe.peak());
    }
    triads.push(probe.triad());
  }
  const of = contenders.map(({ name, times }) => {
    return [name, { median: medianOf(times), least: leastOf(times), turns: times.length }] as const;
  });
  return { of: Object.fromEntries(of), peak: middleAndMost(peaks), triad: middleAndMost(triads) };
}

/** Until V8 has compiled what is hot: half a second, and at least three steps. Then it is known how many steps fill a turn. */
async function warmUp(contender: Contender): Promise<void> {
  const begun = performance.now();
  let steps = 0;
  while (steps < 3 || performance.now() - begun < 500) {
    await contender.step.run();
    steps++;
    // Threads report that they are ready only while the event loop turns.
    if (steps % 10 === 1) await pause(1);
  }
  const one = leastOf([await timeOf(contender.step, 2), await timeOf(contender.step, 2)]);
  contender.repeat = Math.max(1, Math.round(turn / one));
}

async function timeOf(step: Step, repeat: number): Promise<number> {
  const begun = performance.now();
  for (let i = 0; i < repeat; i++) {
    const outputs = step.run();
    if (outputs instanceof Promise) await outputs;
  }
  return (performance.now() - begun) / repeat;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const middleAndMost = (values: readonly number[]) => ({ median: medianOf(values), most: Math.max(...values) });
