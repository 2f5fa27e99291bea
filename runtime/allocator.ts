// Gives out blocks of a linear memory: two-level segregated fit (Masmano, Ripoll, Crespo and Real 2004), constant time,
// without garbage on the JavaScript heap. Blocks are counted in granules of 64 bytes; each begins with a granule that says
// how long it is, how long the block before it is, and, when it is free, who its neighbours in its list are.
import { InternalError } from "#ir/errors.js";
import { alignment } from "#ir/plan.js";
import type { LinearMemory } from "./memory.js";

const words = alignment / 4;
/** Fields of a head, in words. */
const [state, size, sizeBefore, next, previous] = [0, 1, 2, 3, 4];
const isUsed = 0x6c6f6f6d;
const isFree = 0x66726565;
/** Every power of two has this many lists. */
const steps = 8;
/** One more than the largest block needs, so that the list after it exists. */
const powers = 28;
/** Granule 0 is nobody's, so that it can stand for "none" and no address is 0. */
const first = 1;

/** Blocks of one memory. */
export class Allocator {
  readonly #memory: LinearMemory;
  /** Heads of the free lists, granules; 0 where empty. */
  readonly #heads = new Int32Array(powers * steps);
  /** Which powers, and which steps of a power, have free blocks. */
  #powersFree = 0;
  readonly #stepsFree = new Int32Array(powers);
  /** Where the last block ends, and its size, in granules. */
  #end = first;
  #lastSize = 0;
  /** Bytes in blocks that are in use, their heads not counted. */
  inUse = 0;

  constructor(memory: LinearMemory) {
    this.#memory = memory;
  }

  /** The address of `bytes` bytes, a multiple of 64; 0 where the memory cannot grow enough. The bytes are not cleared. */
  allocate(bytes: number): number {
    const granules = Math.max(1, Math.ceil(bytes / alignment)) + 1;
    let block = this.#find(granules);
    if (block === 0 && this.#extend(granules)) block = this.#find(granules);
    if (block === 0) return 0;
    this.#unlink(block);
    const m = this.#memory.i32;
    const rest = m[block * words + size]! - granules;
    if (rest >= 2) {
      this.#resize(block, granules);
      this.#resize(block + granules, rest);
      this.#link(block + granules);
    }
    m[block * words + state] = isUsed;
    this.inUse += this.#payload(block);
    return (block + 1) * alignment;
  }

  /** Gives a block back. Throws InternalError where the address is not that of a block in use. */
  free(address: number): void {
    let block = address / alignment - 1;
    const m = this.#memory.i32;
    if (!Number.isInteger(block) || block < first || block >= this.#end || m[block * words + state] !== isUsed) {
      throw new InternalError(`device: ${address} is not the address of a block in use`);
    }
    this.inUse -= this.#payload(block);
    m[block * words + state] = 0;
    let length = m[block * words + size]!;
    const after = block + length;
    if (after < this.#end && m[after * words + state] === isFree) {
      this.#unlink(after);
      length += m[after * words + size]!;
    }
    const before = block - m[block * words + sizeBefore]!;
    if (before < block && m[before * words + state] === isFree) {
      this.#unlink(before);
      length += m[before * words + size]!;
      block = before;
    }
    this.#resize(block, length);
    this.#link(block);
  }

  #payload(block: number): number {
    return (this.#memory.i32[block * words + size]! - 1) * alignment;
  }

  /** A free block of at least `granules`; 0 where there is none. */
  #find(granules: number): number {
    return this.#findInOwnList(granules) || this.#findInLargerLists(granules);
  }

  /** Looks at the first few blocks of about this size, so that what was freed is soon used again. */
  #findInOwnList(granules: number): number {
    const m = this.#memory.i32;
    let block = this.#heads[listOf(granules)]!;
    for (let tries = 0; block !== 0 && tries < 8; tries++) {
      if (m[block * words + size]! >= granules) return block;
      block = m[block * words + next]!;
    }
    return 0;
  }

  /** Takes from the first list all of whose blocks are long enough. */
  #findInLargerLists(granules: number): number {
    const list = listOf(granules) + 1;
    let power = list >> 3;
    let found = this.#stepsFree[power]! & (-1 << (list & 7));
    if (found === 0) {
      const larger = this.#powersFree & (-1 << (power + 1));
      if (larger === 0) return 0;
      power = lowestBit(larger);
      found = this.#stepsFree[power]!;
    }
    return this.#heads[power * steps + lowestBit(found)]!;
  }

  /** Adds a free block of at least `granules` at the end, joined with a free one before it. */
  #extend(granules: number): boolean {
    const m = this.#memory;
    const last = this.#end - this.#lastSize;
    const open = this.#lastSize > 0 && m.i32[last * words + state] === isFree;
    const start = open ? last : this.#end;
    // The last granule stays nobody's: kernels may load a vector whose first lane is a block's last element.
    if (!m.growTo((start + granules + 1) * alignment)) return false;
    const end = Math.floor(m.bytes / alignment) - 1;
    if (open) this.#unlink(start);
    else m.i32[start * words + sizeBefore] = this.#lastSize;
    this.#end = end;
    this.#resize(start, end - start);
    this.#link(start);
    return true;
  }

  /** Sets the length of a block, here and in its successor's head. */
  #resize(block: number, length: number): void {
    const m = this.#memory.i32;
    m[block * words + size] = length;
    if (block + length < this.#end) m[(block + length) * words + sizeBefore] = length;
    else this.#lastSize = length;
  }

  #link(block: number): void {
    const m = this.#memory.i32;
    const list = listOf(m[block * words + size]!);
    const head = this.#heads[list]!;
    m[block * words + state] = isFree;
    m[block * words + next] = head;
    m[block * words + previous] = 0;
    if (head !== 0) m[head * words + previous] = block;
    this.#heads[list] = block;
    this.#stepsFree[list >> 3]! |= 1 << (list & 7);
    this.#powersFree |= 1 << (list >> 3);
  }

  #unlink(block: number): void {
    const m = this.#memory.i32;
    const list = listOf(m[block * words + size]!);
    const after = m[block * words + next]!;
    const before = m[block * words + previous]!;
    if (after !== 0) m[after * words + previous] = before;
    if (before !== 0) m[before * words + next] = after;
    else this.#heads[list] = after;
    if (this.#heads[list] !== 0) return;
    this.#stepsFree[list >> 3]! &= ~(1 << (list & 7));
    if (this.#stepsFree[list >> 3] === 0) this.#powersFree &= ~(1 << (list >> 3));
  }
}

/** The list for free blocks of a length: below 8 granules one each, then eight per power of two. */
function listOf(granules: number): number {
  if (granules < steps) return granules;
  const log = 31 - Math.clz32(granules);
  return (log - 2) * steps + ((granules >> (log - 3)) & 7);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
