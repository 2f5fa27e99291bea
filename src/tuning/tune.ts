// Autotuning: every contraction of a graph is computed by each schedule that is worth trying, and the fastest is kept.
import { GraphError } from "#ir/errors.js";
import type { Plan } from "#ir/plan.js";
import { candidateSchedules, type ContractionFacts, type ContractionSchedule } from "#passes/contraction-schedule.js";
import type { Schedules } from "#passes/contraction-schedules.js";
import { candidateWindowSchedules, type WindowFacts, type WindowSchedule } from "#passes/window-schedule.js";
import { defaultFile } from "./machine.js";
import { ScheduleCache } from "./schedule-cache.js";

/** Where measured schedules are kept. */
export interface Tuning {
  /** A file of that name; `schedules.json` in gradloom's folder of the user's cache directory where nothing is said. */
  readonly file?: string;
}

/** The cache that `tune` asks for, null where it asks for none. Throws a GraphError where it is not understood. */
export function cacheOf(tune: boolean | Tuning | undefined): ScheduleCache | null {
  if (tune === undefined || tune === false) return null;
  if (tune === true) return new ScheduleCache(defaultFile());
  const { file = defaultFile() } = tune;
  if (file !== null && (typeof file !== "string" || file === ""))
    throw new GraphError(`compile: tune: the file is ${JSON.stringify(file)}, not a name`);
  return new ScheduleCache(file);
}

/** Another schedule than the usual one must be this much faster, or it may be no faster at all. */
const worthIt = 0.96;

type Facts = ContractionFacts | WindowFacts;
/** One that fits the facts. */
type Schedule = ContractionSchedule | WindowSchedule;

/** What is worth trying, the usual schedule first. */
function candidatesOf(facts: Facts): readonly Schedule[] {
  return "pairs" in facts ? candidateWindowSchedules(facts) : candidateSchedules(facts);
}

/** Schedules that `choose` chooses for contractions of both kinds, among those that fit. */
function schedulesBy(choose: (facts: Facts, node: number) => Schedule): Schedules {
  return {
    products: (facts, node) => choose(facts, node) as ContractionSchedule,
    windows: (facts, node) => choose(facts, node) as WindowSchedule,
  };
}

/** Plans the graph with every contraction computed as told. */
type PlanBy = (schedules: Schedules) => Plan;
/** The milliseconds of some steps of a plan. */
type Measure = (plan: Plan, steps: readonly number[]) => readonly number[];

/**
 * How each contraction of a graph is best computed: as the cache says, else as measured now, which then goes into the
 * cache. `kind` says what else times depend on, such as the backend. A cached schedule that is not among those worth
 * trying, from another version perhaps, counts as none.
 */
export function tuned(planBy: PlanBy, kind: string, cache: ScheduleCache, measure: Measure): Plan {
  const known = cache.entries();
  const found = new Map<string, Schedule>();
  const open = new Map<string, Facts>();
  const keyOf = (facts: Facts) => `${kind} ${JSON.stringify(facts)}`;
  const scheduleOf = (facts: Facts): Schedule => {
    const key = keyOf(facts);
    if (!found.has(key) && !open.has(key)) {
      const cached = JSON.stringify(known.get(key));
      const match = candidatesOf(facts).find((schedule) => JSON.stringify(schedule) === cached);
      if (match) found.set(key, match);
      else open.set(key, facts);
    }
    return found.get(key) ?? candidatesOf(facts)[0]!;
  };
  const plan = planBy(schedulesBy(scheduleOf));
  if (open.size === 0) return plan;
  const best = fastest(planBy, open, keyOf, measure);
  cache.add(best);
  return planBy(schedulesBy((facts) => found.get(keyOf(facts)) ?? best.get(keyOf(facts)) ?? candidatesOf(facts)[0]!));
}

/**
 * The fastest schedule of each contraction. All of them go through their candidates at the same time: a round compiles the
 * graph once and times every launch with such a contraction. Where another than the usual one seems best both are timed once
 * more, since the machine may have been busy with something else the first time.
 */
function fastest(
  planBy: PlanBy,
  open: ReadonlyMap<string, Facts>,
  keyOf: (facts: Facts) => string,
  measure: Measure,
): ReadonlyMap<string, Schedule> {
  const trials = new Map([...open].map(([key, facts]) => [key, candidatesOf(facts).map(newTrial)]));
  const best = new Map([...trials].map(([key, [usual]]) => [key, usual!]));
  /** Times what is tried of each contraction. */
  const round = (tried: ReadonlyMap<string, Trial>): void => {
    const users = new Map<number, string>();
    const choose = (facts: Facts, node: number): Schedule => {
      const key = keyOf(facts);
      const trial = tried.get(key);
      if (trial) users.set(node, key);
      return (trial ?? best.get(key))?.schedule ?? candidatesOf(facts)[0]!;
    };
    const plan = planBy(schedulesBy(choose));
    const keysOf = plan.steps.map(({ kernel }) => new Set(kernel.nodes.flatMap((node) => users.get(node) ?? [])));
    const steps = [...keysOf.keys()].filter((step) => keysOf[step]!.size > 0);
    const times = measure(plan, steps);
    for (const [key, trial] of tried) {
      const ms = steps.reduce((sum, step, i) => sum + (keysOf[step]!.has(key) ? times[i]! : 0), 0);
      trial.ms = Math.min(trial.ms, ms);
      if (trial.ms < best.get(key)!.ms * worthIt) best.set(key, trial);
    }
  };
  const rounds = Math.max(...[...trials.values()].map((list) => list.length));
  for (let i = 0; i < rounds; i++)
    round(new Map([...trials].flatMap(([key, list]): [string, Trial][] => (list[i] ? [[key, list[i]!]] : []))));
  const doubtful = [...best].filter(([key, trial]) => trial !== trials.get(key)![0]);
  if (doubtful.length > 0) {
    round(new Map(doubtful.map(([key]) => [key, trials.get(key)![0]!])));
    round(new Map(doubtful));
  }
  return new Map(
    [...best].map(([key, trial]) => {
      const usual = trials.get(key)![0]!;
      return [key, (trial.ms < usual.ms * worthIt ? trial : usual).schedule];
    }),
  );
}

/** A schedule and the least milliseconds it has taken. */
interface Trial {
  readonly schedule: Schedule;
  ms: number;
}

const newTrial = (schedule: Schedule): Trial => ({ schedule, ms: Infinity });
