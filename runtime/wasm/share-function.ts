// `share(scratch, thread, threads, control)`: a thread's way through the schedule of a program, and its part of each stage.
import type { Kernel } from "#ir/kernel.js";
import { holds } from "#ir/plan-flow.js";
import type { Plan } from "#ir/plan.js";
import type { Shares } from "../threads/shares.js";
import { Code } from "./code.js";
import type { WasmFunction } from "./encoder.js";
import { FlowWriter } from "./flow-writer.js";
import { addIndex } from "./index-math.js";
import { addressesOf, positionsOf } from "./launch-addresses.js";
import type { Functions } from "./module.js";
import type { Value } from "./ssa.js";
import { failFunction } from "./statements.js";
import {
  barrierBody,
  barrierFunction,
  boundFunction,
  counterBytes,
  partsTaken,
  sharedLocals,
  stalledFunction,
} from "./thread-functions.js";
import type { SpaceCall } from "./tiers.js";

export interface Sharing {
  readonly shares: Shares;
  /** Where there are `counterBytes` for every turn that is cut into parts, all zero when a run begins. */
  readonly counters: number;
  /** The address of a parameter's or constant's buffer, in bytes. */
  readonly addressOf: (buffer: number) => number;
  readonly spacesOf: (kernel: Kernel) => readonly SpaceCall[];
}

/** Adds `share` and what it calls: a function for every stage that threads share, the barrier. */
export function addShare(functions: Functions, plan: Plan, sharing: Sharing): WasmFunction {
  const names = sharing.shares.turns.map((turns, i) => {
    const step = plan.steps[i]!;
    return turns.map(({ stage, weights }) => {
      if (stage === null) return `launch${i}`;
      const spaces = sharing.spacesOf(step.kernel).filter((space) => space.stage === stage);
      const code = stageBody(spaces, weights, positionsOf(step).length, (code) =>
        addressesOf(code, plan, step, sharing.addressOf, 3),
      );
      return functions.add(`stage${i}.${stage}`, code.paramTypes as readonly "i32"[], code).name;
    });
  });
  functions.addRaw(barrierFunction, ["i32", "i32"], ["i32"], barrierBody(functions.indexOf(stalledFunction)));
  const body = shareBody(functions, plan, sharing, (step) => names[step]!);
  return functions.addRaw("share", new Array<"i32">(4).fill("i32"), [], body);
}

/** `(scratch, part, parts, positions…)`: a part's iterations of each space of a stage; all of them where there are no weights. */
function stageBody(
  spaces: readonly SpaceCall[],
  weights: readonly number[] | null,
  positions: number,
  addressesIn: (code: Code) => readonly Value[],
): Code {
  const code = new Code(new Array<"i32">(3 + positions).fill("i32"));
  const [, thread, threads] = code.params as [Value, Value, Value];
  const f64 = (value: Value | number): Value =>
    typeof value === "number" ? code.constant("f64", value) : code.pure("f64.convert_i32_s", [value]);
  const next = addIndex(code, thread, code.constant("i32", 1));
  const total = spaces.reduce((sum, { extent }, i) => sum + extent * (weights?.[i] ?? 1), 0);
  let before = 0;
  spaces.forEach(({ name, extent }, i) => {
    const [weight, start] = [weights?.[i] ?? 1, before];
    const bound = (part: Value): Value => {
      const args = [part, threads, total, start, weight, extent].map(f64);
      return code.call(boundFunction, args, "i32");
    };
    const ends = weights ? [bound(thread), bound(next)] : [code.constant("i32", 0), code.constant("i32", extent)];
    code.effect("call", [...addressesIn(code), ...ends], { is: "function", name });
    before += extent * weight;
  });
  return code;
}

/** Regions and turns in order, barriers between them where they are said to be, and one at the end, behind which the results are complete. */
function shareBody(
  functions: Functions,
  plan: Plan,
  { shares, counters, addressOf }: Sharing,
  namesOf: (step: number) => readonly string[],
): number[] {
  const [scratch, thread, threads, control] = [0, 1, 2, 3];
  const fail = functions.indexOf(failFunction);
  const flow = new FlowWriter(plan, { params: 4, locals: sharedLocals, addressOf, fail });
  let alone = false;
  const switchTo = (on: boolean): void => {
    if (on && !alone) flow.raw(0x20, thread, 0x45, 0x04, 0x40);
    if (!on && alone) flow.raw(0x0b);
    alone = on;
  };
  const meet = (): void => {
    switchTo(false);
    flow.call(functions.indexOf(barrierFunction), [control, threads]);
    // Returns where the run was aborted.
    flow.returnIf();
  };
  let next = counters;
  const takeParts = (fn: number, parts: number, step: number): void => {
    const positions = flow.positionsAt(step, positionsOf(plan.steps[step]!));
    const before = plan.regions.some((region) => region.kind !== "branch" && holds(region, step)) ? flow.local() : null;
    flow.raw(...partsTaken(fn, positions, parts, next, before));
    next += counterBytes;
  };
  /** How many regions are open that thread 0 walks alone. */
  let left = 0;
  flow.write({
    step: (step) => {
      const [names, positions] = [namesOf(step), positionsOf(plan.steps[step]!)];
      shares.turns[step]!.forEach((turn, i) => {
        if (shares.meetings.has(turn)) meet();
        switchTo(turn.weights === null);
        const fn = functions.indexOf(names[i]!);
        if (turn.parts > 1) return takeParts(fn, turn.parts, step);
        flow.call(fn, turn.stage === null ? [scratch] : [scratch, thread, threads], step, positions);
      });
    },
    begin: (region) => {
      if (!shares.alone.has(region)) return switchTo(false);
      if (shares.meetings.has(plan.regions[region]!)) meet();
      switchTo(true);
      left++;
    },
    decide: (region) => {
      if (left === 0 && shares.meetings.has(plan.regions[region]!)) meet();
    },
    close: () => {
      if (left === 0) switchTo(false);
    },
    end: (region) => {
      if (shares.alone.has(region)) left--;
    },
  });
  meet();
  return flow.finish();
}
