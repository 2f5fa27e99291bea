// What programs for several threads contain: the barrier and the taking of parts, written with atomics, and the bounds
// of a part of a stage.
import { aborted, control, maxThreads } from "../threads/control.js";
import { float, functionBody, signed, unsigned } from "./encoder.js";
import { opcode } from "./opcodes.js";

/** `(control, threads) → 1 where the run was aborted`. */
export const barrierFunction = "barrier";
/** Imported: called about once a second while a thread waits. */
export const stalledFunction = "stalled";
/** `(part, parts, total, before, weight, extent) → first iteration of a part`: of f64 numbers, an i32. */
export const boundFunction = "bound";

/** Turns of a wait at the barrier before the thread sleeps: about as long as waking it takes. */
const turns = 80_000;
const second = 1_000_000_000;

const get = (local: number): number[] => [0x20, ...indexBytes(local)];
const set = (local: number): number[] => [0x21, ...indexBytes(local)];
const tee = (local: number): number[] => [0x22, local];
const number = (value: number): number[] => {
  const bytes = [0x41];
  signed(bytes, value);
  return bytes;
};
const [block, loop, ifVoid] = [
  [0x02, 0x40],
  [0x03, 0x40],
  [0x04, 0x40],
];
const [end, branch, again, leave, call] = [0x0b, 0x0c, 0x0d, 0x0f, 0x10];
const op = (name: string): readonly number[] => opcode(name);

/** An atomic instruction on the i32 `bytes` after the address. */
const atomicAt = (code: number, bytes: number): number[] => {
  const out = [0xfe, code, 2];
  unsigned(out, bytes);
  return out;
};
/** The same of a word of the control block. */
const atomic = (code: number, word: number): number[] => atomicAt(code, word * 4);
const [notify, wait, load, store, add, exchange] = [0x00, 0x01, 0x10, 0x17, 0x1e, 0x48];

/**
 * The last thread to arrive lets the others go by counting up the phase. The others watch it for a while, then sleep on
 * it. Whoever finds the phase negative leaves at once: the run was aborted.
 */
export function barrierBody(stalled: number): number[] {
  const [at, threads, phase, left] = [0, 1, 2, 3];
  const now = [...get(at), ...atomic(load, control.phase)];
  const answer = [...now, ...number(0), ...op("i32.lt_s"), leave];
  const nextPhase = [...get(phase), ...number(1), ...op("i32.add"), ...number(~aborted), ...op("i32.and")];
  return functionBody(
    ["i32", "i32"],
    [
      ...[...now, ...tee(phase), ...number(0), ...op("i32.lt_s"), ...ifVoid, ...number(1), leave, end],
      ...[...get(at), ...number(1), ...atomic(add, control.arrived), ...number(1), ...op("i32.add")],
      ...[...get(threads), ...op("i32.eq"), ...ifVoid],
      ...[...get(at), ...number(0), ...atomic(store, control.arrived)],
      // An abort in between must not be lost.
      ...[...get(at), ...get(phase), ...nextPhase, ...atomic(exchange, control.phase)],
      ...[...get(phase), ...op("i32.ne"), ...ifVoid, ...number(1), leave, end],
      ...[...get(at), ...atomic(load, control.sleepers), ...ifVoid],
      ...[...get(at), ...number(-1), ...atomic(notify, control.phase), 0x1a, end],
      ...[...number(0), leave, end],
      ...[...number(turns), ...set(left), ...loop],
      ...[...now, ...get(phase), ...op("i32.ne"), ...ifVoid, ...answer, end],
      ...[...get(left), ...number(1), ...op("i32.sub"), ...tee(left), again, 0, end],
      ...[...get(at), ...number(1), ...atomic(add, control.sleepers), 0x1a],
      ...[...block, ...loop, ...now, ...get(phase), ...op("i32.ne"), again, 1],
      ...[...get(at), ...get(phase), 0x42, ...longBytes(second), ...atomic(wait, control.phase)],
      ...[...number(2), ...op("i32.eq"), ...ifVoid, call, ...indexBytes(stalled), end, branch, 0, end, end],
      ...[...get(at), ...number(-1), ...atomic(add, control.sleepers), 0x1a],
      ...[...now, ...number(0), ...op("i32.lt_s")],
    ],
  );
}

/** Bytes of the counters of a turn: how many parts of each thread's share are taken. */
export const counterBytes = maxThreads * 4;
/** Locals of `share` behind its four parameters: whose parts are taken, how many threads are left, the part. */
export const sharedLocals = 3;

/**
 * Instructions of `share(scratch, thread, threads, control)` that call a stage for `parts` parts of this thread's share,
 * while there are any, then for what is left of the shares of the threads after it. `positions`: more that the stage takes.
 * Where it runs again and again, all threads meet in between, and the local `before` is what its counters begin with: each thread
 * has counted every share to its end, and once more.
 */
export function partsTaken(
  stage: number,
  positions: readonly number[],
  parts: number,
  counters: number,
  before: number | null,
): readonly number[] {
  const [scratch, thread, threads, owner, left, part] = [0, 1, 2, 4, 5, 6];
  const [address, plus] = [(n: number) => number(n | 0), op("i32.add")];
  const since = before === null ? [] : [...get(before), ...op("i32.sub")];
  const counted =
    before === null ? [] : [...get(before), ...number(parts), ...plus, ...get(threads), ...plus, ...set(before)];
  return [
    ...[...get(thread), ...set(owner), ...get(threads), ...set(left), ...loop, ...loop],
    ...[...address(counters), ...get(owner), ...number(2), ...op("i32.shl"), ...plus],
    ...[...number(1), ...atomicAt(add, 0), ...since, ...tee(part), ...number(parts), ...op("i32.lt_u"), ...ifVoid],
    ...[...get(scratch), ...get(owner), ...number(parts), ...op("i32.mul"), ...get(part), ...plus],
    ...[...get(threads), ...number(parts), ...op("i32.mul"), ...positions],
    ...[call, ...indexBytes(stage), branch, 1, end, end],
    ...[...get(owner), ...number(1), ...plus, ...tee(owner), ...get(threads), ...op("i32.eq")],
    ...[...ifVoid, ...number(0), ...set(owner), end],
    ...[...get(left), ...number(1), ...op("i32.sub"), ...tee(left), again, 0, end],
    ...counted,
  ];
}

/**
 * The iterations of a stage, weighted and laid end to end, are cut into equal parts; `before` is the weight of the spaces
 * before this one. Every thread computes the bound between two parts alike.
 */
export function boundBody(): number[] {
  const [part, parts, total, before, weight, extent] = [0, 1, 2, 3, 4, 5];
  const zero = [0x44];
  float(zero, 0, "f64");
  return functionBody(
    [],
    [
      ...[...get(part), ...get(total), ...op("f64.mul"), ...get(parts), ...op("f64.div")],
      ...[...get(before), ...op("f64.sub"), ...get(weight), ...op("f64.div"), ...op("f64.nearest")],
      ...[...zero, ...op("f64.max"), ...get(extent), ...op("f64.min"), ...op("i32.trunc_f64_s")],
    ],
  );
}

function longBytes(value: number): number[] {
  const out: number[] = [];
  signed(out, value);
  return out;
}

function indexBytes(value: number): number[] {
  const out: number[] = [];
  unsigned(out, value);
  return out;
}
