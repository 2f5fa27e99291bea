// Where a launch finds its buffers: their addresses from that of the scratch region, the plan's arguments, and how far the
// loops are that its parts of buffers move with.
import { itemSize } from "#ir/dtype.js";
import type { Launch, Place, Plan, Slice } from "#ir/plan.js";
import type { Code } from "./code.js";
import { addIndex, divideIndex, mulIndex } from "./index-math.js";
import type { Value } from "./ssa.js";

/** How far a loop is, which functions of launches take as a parameter: its turn, or that from its end. */
export interface Position {
  readonly region: number;
  readonly backwards: boolean;
}

/** The positions that a launch needs, in the order of its parameters. */
export function positionsOf({ slices = [] }: Launch): readonly Position[] {
  const found: Position[] = [];
  for (const slice of slices)
    for (const { region, backwards = false } of slice?.terms ?? [])
      if (!found.some((p) => p.region === region && p.backwards === backwards)) found.push({ region, backwards });
  return found;
}

/** How many addresses the caller of a plan's functions gives besides that of the scratch region. */
export function countArguments(plan: Plan): number {
  return plan.buffers.reduce((n, { place }) => (place.at === "argument" ? Math.max(n, place.index + 1) : n), 0);
}

/**
 * The addresses of a launch's buffers in a function whose first parameter is that of the scratch region, followed by the plan's
 * arguments; its positions begin with parameter `positions`. `addressOf` gives that of a parameter's or constant's buffer.
 */
export function addressesOf(
  code: Code,
  plan: Plan,
  launch: Launch,
  addressOf: (buffer: number) => number,
  positions: number,
): readonly Value[] {
  const needed = positionsOf(launch);
  return launch.buffers.map((index, i) => {
    const { place, dtype } = plan.buffers[index]!;
    const base = baseOf(code, place, () => addressOf(index));
    const slice = launch.slices?.[i];
    if (!slice) return base;
    return startAddress(code, base, slice, itemSize(dtype), ({ region, backwards }) => {
      const at = needed.findIndex((p) => p.region === region && p.backwards === backwards);
      return code.params[positions + at]!;
    });
  });
}

function baseOf(code: Code, place: Place, addressOf: () => number): Value {
  if (place.at === "argument") return code.params[place.index + 1]!;
  if ("offset" in place) return addIndex(code, code.params[0]!, code.constant("i32", place.offset));
  return code.constant("i32", addressOf() | 0);
}

function startAddress(
  code: Code,
  base: Value,
  { start, terms }: Slice,
  size: number,
  valueOf: (position: Position) => Value,
): Value {
  let address = addIndex(code, base, code.constant("i32", start * size));
  for (const { region, step, backwards = false, plus = 0, wrap } of terms) {
    const moved = addIndex(code, valueOf({ region, backwards }), code.constant("i32", plus));
    const at = wrap === undefined ? moved : divideIndex(code, "floorMod", moved, code.constant("i32", wrap));
    address = addIndex(code, address, mulIndex(code, at, code.constant("i32", step * size)));
  }
  return address;
}
