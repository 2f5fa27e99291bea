// `share(scratch, thread, threads, control)`: a thread's way through the schedule of a program, and its part of each stage.
import type { Turn } from "../threads/shares.js";
import { Code } from "./code.js";
import { functionBody, unsigned, type WasmFunction } from "./encoder.js";
import { addIndex } from "./index-math.js";
import type { Functions } from "./module.js";
import type { Value } from "./ssa.js";
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
  /** Makes a turn's function: see `stageBody`. */
  readonly stage: (turn: Turn) => Code;
  /** Where there are `counterBytes` for every turn that is cut into parts, all zero when a run begins. */
  readonly counters: number;
}

/** Adds `share` and what it calls: a function for every stage that threads share, the barrier. */
export function addShare(functions: Functions, turns: readonly Turn[], { stage, counters }: Sharing): WasmFunction {
  const names = turns.map((turn) => {
    if (turn.stage === null) return `launch${turn.step}`;
    const code = stage(turn);
    return functions.add(`stage${turn.step}.${turn.stage}`, code.paramTypes as readonly "i32"[], code).name;
  });
  functions.addRaw(barrierFunction, ["i32", "i32"], ["i32"], barrierBody(functions.indexOf(stalledFunction)));
  const functionOf = (i: number) => functions.indexOf(names[i]!);
  const body = shareBody(turns, functionOf, functions.indexOf(barrierFunction), counters);
  return functions.addRaw("share", new Array<"i32">(4).fill("i32"), [], body);
}

/** `(scratch, part, parts)`: a part's iterations of each space of a stage; all of them where there are no weights. */
export function stageBody(
  spaces: readonly SpaceCall[],
  weights: readonly number[] | null,
  addressesIn: (code: Code) => readonly Value[],
): Code {
  const code = new Code(["i32", "i32", "i32"]);
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

/**
 * Turns in order, barriers between them where they are said to be, and one at the end, behind which the results are
 * complete. `functionOf` gives the function of a turn: of a launch, of the scratch address; of a stage, also of part and parts.
 */
function shareBody(
  turns: readonly Turn[],
  functionOf: (turn: number) => number,
  barrier: number,
  counters: number,
): readonly number[] {
  const [scratch, thread, threads, control] = [0, 1, 2, 3];
  const out: number[] = [];
  const call = (fn: number, ...args: readonly number[]): void => {
    for (const arg of args) out.push(0x20, arg);
    out.push(0x10);
    unsigned(out, fn);
  };
  // Returns where the run was aborted.
  const meet = (): void => {
    call(barrier, control, threads);
    out.push(0x0d, 0);
  };
  let alone = false;
  const switchTo = (on: boolean): void => {
    if (on && !alone) out.push(0x20, thread, 0x45, 0x04, 0x40);
    if (!on && alone) out.push(0x0b);
    alone = on;
  };
  let next = counters;
  turns.forEach((turn, i) => {
    if (turn.barrier) {
      switchTo(false);
      meet();
    }
    switchTo(turn.weights === null);
    if (turn.stage === null) call(functionOf(i), scratch);
    else if (turn.parts === 1) call(functionOf(i), scratch, thread, threads);
    else {
      out.push(...partsTaken(functionOf(i), turn.parts, next));
      next += counterBytes;
    }
  });
  switchTo(false);
  meet();
  return functionBody(sharedLocals, out);
}
