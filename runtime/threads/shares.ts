// How threads go through a plan: which stages they share; where they must meet, `meetings.ts` finds. Nothing here changes what
// an iteration computes, so results do not depend on the number of threads.
import { secondsOf } from "#ir/cost.js";
import { failuresOf } from "#ir/failures.js";
import type { Kernel, Space } from "#ir/kernel.js";
import { runsOf } from "#ir/plan-flow.js";
import type { Plan, Region } from "#ir/plan.js";
import { weightOf } from "./cost.js";
import { meetingsOf } from "./meetings.js";

/** A part of a launch: all of it on thread 0, or a stage. */
export interface Turn {
  /** Null: all stages of the launch, on thread 0. */
  readonly stage: number | null;
  /** Weights of an iteration of each space, where all threads share the stage; null where thread 0 runs it alone. */
  readonly weights: readonly number[] | null;
  /** Into how many parts each thread's share is cut: whoever has done its own takes parts of others, which may be slower. */
  readonly parts: number;
}

/** How threads go through a plan. */
export interface Shares {
  /** The turns of each step. */
  readonly turns: readonly (readonly Turn[])[];
  /** Regions that thread 0 walks alone, by their indices. */
  readonly alone: ReadonlySet<number>;
  /** Before what all threads meet: a turn; a region that thread 0 walks alone; what decides about another region. */
  readonly meetings: ReadonlySet<Turn | Region>;
}

/** A run must save as much as so many barriers take: where the machine gives a worker no core at once, all wait for it much longer. */
const leastBarriers = 250;
/** A part takes as long as so many barriers, at least. */
const leastPart = 10;
const mostParts = 8;

/** The shares of at most `threads` threads; null where one thread does as well. */
export function shareOut(plan: Plan, threads: number, barrierSeconds: number): Shares | null {
  if (threads < 2 || plan.buffers.some(({ place }) => place.at === "argument")) return null;
  let saved = 0;
  const least = leastPart * barrierSeconds * (threads - 1);
  const turns = plan.steps.map(({ kernel }, i): readonly Turn[] => {
    const gains = stageGains(kernel, threads, 2 * barrierSeconds);
    saved += runsOf(plan, i) * gains.reduce((sum, gain) => sum + gain, 0);
    if (gains.every((gain) => gain <= 0)) return [{ stage: null, weights: null, parts: 1 }];
    // Which of several checks is seen to fail must not depend on who is faster.
    const mayFail = failuresOf(kernel).length > 0;
    return gains.map((gain, stage): Turn => {
      if (gain <= 0) return { stage, weights: null, parts: 1 };
      const spaces = kernel.stages[stage]!;
      return { stage, weights: spaces.map(weightOf), parts: mayFail ? 1 : partsOf(spaces, threads, gain / least) };
    });
  });
  const { meetings, alone } = meetingsOf(plan, turns);
  let met = 0;
  turns.forEach((list, i) => list.forEach((turn) => (met += meetings.has(turn) ? runsOf(plan, i) : 0)));
  for (const region of plan.regions) if (meetings.has(region)) met += runsOf(plan, region.from);
  return saved > (met + leastBarriers) * barrierSeconds ? { turns, alone, meetings } : null;
}

/** Seconds that each stage takes less when it is shared; 0 where they are no more than `least`. */
function stageGains(kernel: Kernel, threads: number, least: number): readonly number[] {
  const works = kernel.stages.map((spaces) => spaces.reduce((sum, s) => sum + s.extent * weightOf(s), 0));
  const all = works.reduce((sum, w) => sum + w, 0);
  return kernel.stages.map((spaces, i) => {
    // A thread takes whole iterations: the longest share is at least an even one, and at least one iteration.
    const alone = spaces.length === 1 ? Math.ceil(spaces[0]!.extent / threads) / spaces[0]!.extent : 1 / threads;
    const longest = Math.max(alone, ...spaces.map((s) => weightOf(s) / works[i]!));
    const gain = ((secondsOf(kernel) * works[i]!) / all) * (1 - longest);
    return gain > least ? gain : 0;
  });
}

/** Never more parts than `most`, or than there are iterations. */
function partsOf(spaces: readonly Space[], threads: number, most: number): number {
  const iterations = spaces.reduce((sum, { extent }) => sum + extent, 0);
  return Math.max(1, Math.floor(Math.min(mostParts, most, iterations / threads)));
}
