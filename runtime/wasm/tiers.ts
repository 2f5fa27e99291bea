// Helps V8 to reach full speed within the first run. A function runs as quickly made baseline code, some four times slower, until
// V8 has counted enough of it to compile it well, beside the program; and a call that has begun goes on as it is. So large launches
// call their function in parts, each of which may find the better code, and before the first run functions with much to do are called
// with nothing to do, which V8 counts all the same. Other engines lose nothing by it.
import type { Code } from "./code.js";
import { addIndex, boundIndex, mulIndex } from "./index-math.js";
import type { Value } from "./ssa.js";

/** A part does at least so many operations and bytes: tens of microseconds, beside which a call is nothing. */
const leastWork = 2 ** 18;
const mostParts = 64;

/** A function with less to do in a launch, in operations and bytes, is not worth compiling beforehand. */
const warmWork = 2 ** 22;
/** V8 compiles well what has run so many bytes of machine code, counted at each return. */
const budget = 2 ** 24;

/** A function of one space, how many iterations the space has, and what its kernel does, in operations and bytes. */
export interface SpaceCall {
  readonly name: string;
  readonly stage: number;
  /** How many it takes: addresses of buffers, then the range. */
  readonly params: number;
  readonly extent: number;
  readonly work: number;
  /** Length of its body. */
  readonly size: number;
}

/** Calls `part` with ranges that cover all iterations of a space in order. */
export function inParts(code: Code, { extent, work }: SpaceCall, part: (begin: Value, end: Value) => void): void {
  const constant = (n: number): Value => code.constant("i32", n);
  const wanted = Math.min(extent, mostParts, Math.floor(work / leastWork));
  const length = Math.ceil(extent / Math.max(1, wanted));
  const parts = Math.ceil(extent / length);
  if (parts <= 1) return part(constant(0), constant(extent));
  const whole = { start: constant(0), end: constant(parts), step: 1, writes: new Set<string>() };
  code.loop({ ...whole, range: [0, parts - 1] }, (i) => {
    const begin = mulIndex(code, i, constant(length));
    part(begin, boundIndex(code, "minimum", addIndex(code, begin, constant(length)), constant(extent)));
  });
}

/** Calls functions that have much to do with nothing to do, often enough, those with the most first. False where there is none. */
export function warmUp(code: Code, spaces: readonly SpaceCall[], call: (space: SpaceCall) => void): boolean {
  const heavy = spaces.filter(({ work }) => work >= warmWork).sort((a, b) => b.work - a.work);
  for (const space of heavy) {
    const [start, end] = [code.constant("i32", 0), code.constant("i32", Math.ceil(budget / (4 * space.size)))];
    code.loop({ start, end, step: 1, writes: new Set(), range: null }, () => call(space));
  }
  return heavy.length > 0;
}
