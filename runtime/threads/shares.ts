// How threads go through a plan: which stages they share, and between which of them they must meet. Nothing here changes
// what an iteration computes, so results do not depend on the number of threads.
import { secondsOf } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import type { Kernel, Space, Stmt } from "#ir/kernel.js";
import type { Launch, Plan } from "#ir/plan.js";
import { weightOf } from "./cost.js";

/** A part of the schedule: a whole launch on thread 0, or a stage of one. */
export interface Turn {
  readonly step: number;
  /** Null: all stages of the launch, on thread 0. */
  readonly stage: number | null;
  /** Weights of an iteration of each space, where all threads share the stage; null where thread 0 runs it alone. */
  readonly weights: readonly number[] | null;
  /** Into how many parts each thread's share is cut: whoever has done its own takes parts of others, which may be slower. */
  readonly parts: number;
  /** Whether all threads meet before it. */
  readonly barrier: boolean;
}

/** A run must save as much as so many barriers take: where the machine gives a worker no core at once, all wait for it much longer. */
const leastBarriers = 250;
/** A part takes as long as so many barriers, at least. */
const leastPart = 10;
const mostParts = 8;

/** The turns of a plan for at most `threads` threads; null where one thread does as well. */
export function shareOut(plan: Plan, threads: number, barrierSeconds: number): readonly Turn[] | null {
  if (threads < 2 || plan.buffers.some(({ place }) => place.at === "argument")) return null;
  const turns: Turn[] = [];
  let [saved, met] = [0, 0];
  const conflicts = new Conflicts(plan);
  plan.steps.forEach((step, i) => {
    const gains = stageGains(step.kernel, threads, 2 * barrierSeconds);
    const shared = gains.some((gain) => gain > 0);
    const stages = shared ? step.kernel.stages.map((_, s) => s) : [null];
    for (const stage of stages) {
      const alone = stage === null || gains[stage]! <= 0;
      const barrier = conflicts.meet(step, alone);
      if (barrier) met++;
      if (!alone) saved += gains[stage]!;
      const spaces = alone ? [] : step.kernel.stages[stage]!;
      const least = leastPart * barrierSeconds * (threads - 1);
      // Which of several checks is seen to fail must not depend on who is faster.
      const parts = alone || conflicts.canFail(step.kernel) ? 1 : partsOf(spaces, threads, gains[stage]! / least);
      turns.push({ step: i, stage, weights: alone ? null : spaces.map(weightOf), parts, barrier });
    }
  });
  return saved > (met + leastBarriers) * barrierSeconds ? turns : null;
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

/** What was touched since the threads last met. */
interface Touch {
  readonly from: number;
  readonly to: number;
  readonly region: unknown;
  readonly writes: boolean;
  readonly alone: boolean;
}

/** Finds turns that touch what other threads may still be working on. */
class Conflicts {
  #since: Touch[] = [];
  readonly #checks = new Map<Kernel, boolean>();

  constructor(readonly plan: Plan) {}

  /** Whether all threads must meet before a launch, or a stage of it; remembers what it touches. */
  meet(step: Launch, alone: boolean): boolean {
    const own = this.#touches(step, alone);
    const clash = own.some((mine) => this.#since.some((other) => clashes(mine, other)));
    this.#since = clash ? own : [...this.#since, ...own];
    return clash;
  }

  #touches({ kernel, buffers }: Launch, alone: boolean): Touch[] {
    const touches = buffers.map((index, i): Touch => {
      const { place, dtype, length } = this.plan.buffers[index]!;
      const writes = kernel.buffers[i]!.access !== "read";
      const from = "offset" in place ? place.offset : 0;
      const region = "offset" in place ? "scratch" : place.at === "parameter" ? place.parameter : index;
      return { region, from, to: from + length * itemSize(dtype), writes, alone };
    });
    // Nobody may write a parameter before every check before it has passed.
    const commits = touches.some((t) => t.writes && t.region !== "scratch");
    if (commits) touches.push({ region: "go-ahead", from: 0, to: 1, writes: false, alone });
    if (this.canFail(kernel)) touches.push({ region: "go-ahead", from: 0, to: 1, writes: true, alone });
    return touches;
  }

  canFail(kernel: Kernel): boolean {
    let known = this.#checks.get(kernel);
    if (known === undefined) {
      known = kernel.stages.flat().some(({ body }) => checks(body));
      this.#checks.set(kernel, known);
    }
    return known;
  }
}

function checks(body: readonly Stmt[]): boolean {
  return body.some((s) => {
    if (s.kind === "for") return checks(s.body);
    return s.kind === "if" ? checks(s.then) || checks(s.else ?? []) : s.kind === "check";
  });
}

function clashes(a: Touch, b: Touch): boolean {
  if (a.region !== b.region || !(a.writes || b.writes) || (a.alone && b.alone)) return false;
  return a.from < b.to && b.from < a.to;
}
