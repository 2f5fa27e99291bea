// The words in shared memory through which the calling thread and the workers of a device meet: indices of i32 words from
// the start of a block. What different threads write lies in different cache lines.
import { alignment } from "#ir/plan.js";

/** The most threads of a program. */
export const maxThreads = 64;

/** Words for all. */
export const control = {
  /** Counts barriers passed; its sign bit says that the run was aborted. */
  phase: 0,
  /** How many threads stand at the barrier. */
  arrived: 16,
  /** How many of them sleep. */
  sleepers: 32,
  /** The run: number of the program, address of its scratch, how many threads, which worker is thread 0. */
  program: 48,
  scratch: 49,
  threads: 50,
  first: 51,
} as const;

/** Words of a thread, from the start of its slot. Slot 0 belongs to the thread that calls `run`, the others to workers. */
export const slot = {
  /** Written by whoever wants something of the worker. It sleeps on the first. */
  bell: 0,
  /** Number of the last run that it has a part in. */
  start: 1,
  /** Messages sent to it. */
  mail: 2,
  /** Written by the worker: whether it sleeps, the last program it has, the last run it began and the last it ended. */
  asleep: 16,
  ready: 17,
  begun: 18,
  done: 19,
  /** What stopped it: 0 nothing, 1 a check, 2 a trap; the check's entry; its value, an f64; bytes of the trap's message. */
  fault: 20,
  failure: 21,
  value: 22,
  length: 24,
  text: 25,
} as const;

const firstSlot = 64;
/** Words of a slot. */
const slotWords = 64;
/** Bytes of a trap's message that fit. */
export const textBytes = (slotWords - slot.text) * 4;

/** The sign bit of the phase. */
export const aborted = -(2 ** 31);

/** Where the slot of a thread begins. */
export const slotOf = (thread: number): number => firstSlot + thread * slotWords;

/** Bytes of the whole block: a slot more than threads, since asynchronous runs leave out the calling thread. */
export const controlBytes = Math.ceil((slotOf(maxThreads + 1) * 4) / alignment) * alignment;
