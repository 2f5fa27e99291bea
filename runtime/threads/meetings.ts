// Where threads must meet on their way through a plan: before they touch what others may still be working on, before all of
// them read what decides about a loop or a branch, and before a parameter is written behind a check.
import { itemSize } from "#ir/dtype.js";
import { failuresOf } from "#ir/failures.js";
import { decider, holds, type Part, partsOf } from "#ir/plan-flow.js";
import type { Launch, Plan, Region } from "#ir/plan.js";
import type { Shares, Turn } from "./shares.js";

/** What was touched since the threads last met. */
interface Touch {
  readonly from: number;
  readonly to: number;
  readonly memory: unknown;
  readonly writes: boolean;
  /** Whether only thread 0 does it. */
  readonly alone: boolean;
}

/** The meetings of threads, and the regions that need none because thread 0 walks them alone. */
export function meetingsOf(plan: Plan, turns: readonly (readonly Turn[])[]): Pick<Shares, "meetings" | "alone"> {
  const alone = aloneRegions(plan, turns);
  return { alone, meetings: new Conflicts(plan, turns, alone).find() };
}

/** Regions in which thread 0 does everything, and whose turns nobody counts who does something else. */
function aloneRegions(plan: Plan, turns: readonly (readonly Turn[])[]): ReadonlySet<number> {
  const shared = plan.steps.map((_, i) => turns[i]!.some(({ weights }) => weights !== null));
  const found = new Set<number>();
  plan.regions.forEach((region, index) => {
    const counts = ({ slices = [] }: Launch) => slices.some((s) => s?.terms.some((term) => term.region === index));
    const isKnown = region.kind === "loop" && typeof region.times === "number";
    const needed = plan.steps.some((step, i) => shared[i] && (holds(region, i) || (!isKnown && counts(step))));
    if (!needed) found.add(index);
  });
  return found;
}

/**
 * Walks the plan with what was touched since the last meeting. A loop is walked until its end adds nothing to what its beginning
 * must reckon with; a meeting once found stays, so that this ends.
 */
class Conflicts {
  readonly #meetings = new Set<Turn | Region>();
  #since: ReadonlySet<Touch> = new Set();
  /** The touches of steps and regions; made once, so that sets know them. */
  readonly #known = new Map<Turn | Region, readonly Touch[]>();

  constructor(
    readonly plan: Plan,
    readonly turns: readonly (readonly Turn[])[],
    readonly alone: ReadonlySet<number>,
  ) {}

  find(): ReadonlySet<Turn | Region> {
    this.#walk(partsOf(this.plan));
    return this.#meetings;
  }

  #walk(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.kind === "region") this.#region(part);
      else for (const turn of this.turns[part.step]!) this.#meet(turn, () => this.#touchesOf(part.step, turn));
    }
  }

  #region(part: Part & { kind: "region" }): void {
    const { region, index, test, body } = part;
    if (this.alone.has(index)) return this.#meet(region, () => this.#touchesInside(part));
    const decide = () => this.#meet(region, () => this.#touchesOfDecision(region, false));
    if (region.kind === "while") {
      let leaving = this.#since;
      this.#repeat(() => {
        this.#walk(test);
        decide();
        leaving = this.#since;
        this.#walk(body);
      });
      this.#since = leaving;
      return;
    }
    decide();
    const before = this.#since;
    if (region.kind === "branch") this.#walk(body);
    else this.#repeat(() => this.#walk(body));
    const certain = region.kind === "loop" && typeof region.times === "number" && region.times > 0;
    if (!certain) this.#since = union(before, this.#since);
  }

  #repeat(turn: () => void): void {
    let start = this.#since;
    for (;;) {
      const meetings = this.#meetings.size;
      this.#since = start;
      turn();
      const again = union(start, this.#since);
      if (again.size === start.size && this.#meetings.size === meetings) return;
      start = again;
    }
  }

  /** Whether all threads must meet before a turn, or a region; remembers what it touches. */
  #meet(what: Turn | Region, touches: () => readonly Touch[]): void {
    let own = this.#known.get(what);
    if (!own) this.#known.set(what, (own = touches()));
    if (!this.#meetings.has(what) && own.some((mine) => [...this.#since].some((other) => clashes(mine, other))))
      this.#meetings.add(what);
    this.#since = this.#meetings.has(what) ? new Set(own) : union(this.#since, own);
  }

  #touchesOf(step: number, { weights }: Turn): readonly Touch[] {
    const { kernel, buffers } = this.plan.steps[step]!;
    const alone = weights === null;
    const touches = buffers.map((index, i) => this.#touch(index, kernel.buffers[i]!.access !== "read", alone));
    // Nobody may write a parameter before every check before it has passed.
    const commits = touches.some((t) => t.writes && t.memory !== "scratch");
    if (commits) touches.push({ ...goAhead, writes: false, alone });
    if (failuresOf(kernel).length > 0) touches.push({ ...goAhead, writes: true, alone });
    return touches;
  }

  #touchesOfDecision(region: Region, alone: boolean): readonly Touch[] {
    const buffer = decider(region);
    const reads = buffer === null ? [] : [this.#touch(buffer, false, alone)];
    return region.kind === "while" ? [...reads, { ...goAhead, writes: true, alone }] : reads;
  }

  /** All that thread 0 touches on its way through a region. */
  #touchesInside({ region, test, body }: Part & { kind: "region" }): readonly Touch[] {
    const inside = [...test, ...body].flatMap((part): readonly Touch[] => {
      if (part.kind === "region") return this.#touchesInside(part);
      return this.turns[part.step]!.flatMap((turn) => this.#touchesOf(part.step, turn));
    });
    return [...this.#touchesOfDecision(region, true), ...inside];
  }

  #touch(buffer: number, writes: boolean, alone: boolean): Touch {
    const { place, dtype, length } = this.plan.buffers[buffer]!;
    const from = "offset" in place ? place.offset : 0;
    const memory = "offset" in place ? "scratch" : place.at === "parameter" ? place.parameter : buffer;
    return { memory, from, to: from + length * itemSize(dtype), writes, alone };
  }
}

const goAhead = { memory: "go-ahead", from: 0, to: 1 } as const;

const union = (a: ReadonlySet<Touch>, b: Iterable<Touch>): ReadonlySet<Touch> => new Set([...a, ...b]);

function clashes(a: Touch, b: Touch): boolean {
  if (a.memory !== b.memory || !(a.writes || b.writes) || (a.alone && b.alone)) return false;
  return a.from < b.to && b.from < a.to;
}
