// Buffers of a plan in the making, and their places: a result takes over the memory of an operand that dies where the kernel
// allows it; the rest is packed so that what is alive at the same time does not overlap.
import { itemSize, type DType } from "#ir/dtype.js";
import type { Node } from "#ir/node.js";
import { alignment, type Launch, type Place, type Plan, type Slice } from "#ir/plan.js";
import { mayShare } from "./in-place.js";
import { packMemory } from "./pack-memory.js";

export interface Buffer {
  /** Its index in the plan. */
  readonly id: number;
  readonly name: string;
  readonly dtype: DType;
  readonly length: number;
  /** What computes it. */
  readonly node: Node | null;
  place: Place | null;
  /** First and last step that touch it, or could in another turn. */
  from: number;
  to: number;
  /** The operand whose memory it takes over. */
  shares: Buffer | null;
  /** Whether it is carried around a loop, or touched part by part: its memory stays its own. */
  fixed: boolean;
}

/** A buffer, or the part of it that a step sees. */
export interface Ref {
  readonly buffer: Buffer;
  readonly slice: Slice | null;
}

/** Lets results take over the memory of operands that die in the same launch. */
export function shareMemory(buffers: readonly Buffer[], steps: readonly Launch[]): void {
  const inScratch = (b: Buffer) => !b.fixed && (b.place === null || b.place.at === "output");
  steps.forEach(({ kernel, buffers: own }, step) => {
    const taken = new Set<Buffer>();
    kernel.buffers.forEach((target, i) => {
      const to = buffers[own[i]!]!;
      if (target.access !== "write" || !inScratch(to) || to.from !== step) return;
      // A routine may come back to an element that it has read before.
      if (to.node?.op.lower.kind === "routine") return;
      kernel.buffers.some((source, j) => {
        const from = buffers[own[j]!]!;
        const fits = from.length === to.length && itemSize(source.dtype) === itemSize(target.dtype);
        if (source.access !== "read" || !fits || from.to !== step || from.place !== null || from.fixed) return false;
        if (taken.has(from) || !mayShare(kernel, source.name, target.name)) return false;
        to.shares = from;
        taken.add(from);
        return true;
      });
    });
  });
}

/** Gives every buffer that moves a place in the scratch region; `feeds` are copied in before the run. */
export function placeBuffers(buffers: readonly Buffer[], feeds: ReadonlySet<Node>): Plan["memory"] {
  const movable = buffers.filter((b) => (b.place === null || b.place.at === "output") && b.from !== Infinity);
  const root = (b: Buffer): Buffer => {
    let own = b;
    while (own.shares) own = own.shares;
    return own;
  };
  const bytesOf = (b: Buffer): number => b.length * itemSize(b.dtype);
  const units = new Map<Buffer, { size: number; from: number; to: number }>();
  for (const b of movable) {
    const unit = units.get(root(b)) ?? { size: 0, from: Infinity, to: -1 };
    unit.size = Math.max(unit.size, bytesOf(b));
    unit.from = Math.min(unit.from, b.from);
    unit.to = Math.max(unit.to, b.to, b.from);
    units.set(root(b), unit);
  }
  const position = new Map([...units.keys()].map((b, i) => [b, i]));
  const packed = packMemory([...units.values()], { alignment });
  const naive = movable.reduce((sum, b) => sum + Math.ceil(bytesOf(b) / alignment) * alignment, 0);
  for (const b of movable) {
    const offset = packed.offsets[position.get(root(b))!]!;
    if (b.place?.at === "output") b.place = { ...b.place, offset };
    else b.place = b.node && feeds.has(b.node) ? { at: "feed", name: b.name, offset } : { at: "scratch", offset };
  }
  for (const b of buffers) b.place ??= { at: "scratch", offset: 0 };
  return { naive, planned: packed.planned, lowerBound: packed.lowerBound };
}
