// Seeded random numbers on the JavaScript side, for initial values and for shuffling. Counter-based: number n of a stream
// is a function of the seed, the stream and n alone.

/** Words of 32 bits, unsigned. */
export type Words = readonly [number, number, number, number];

/**
 * Philox4x32-10: four random words from a counter of 128 bits and a key of 64, low words first (Salmon, Moraes, Dror, Shaw:
 * Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011).
 */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const highA = multiplyHigh(a, 0xd2511f53);
    const highC = multiplyHigh(c, 0xcd9e8d57);
    const lowA = Math.imul(a, 0xd2511f53);
    a = highC ^ b ^ k0;
    b = Math.imul(c, 0xcd9e8d57);
    c = highA ^ d ^ k1;
    d = lowA;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** The high 32 bits of the product of two words. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // Neither sum reaches 2³².
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return a1 * b1 + (middle >>> 16) + (((middle & 0xffff) + a0 * b1) >>> 16);
}

/** A stream of random numbers. Streams of one seed are independent of each other. */
export class Random {
  private readonly key: readonly [number, number];
  private readonly stream: readonly [number, number];
  private block = 0;
  private words: Words = [0, 0, 0, 0];
  private next = 4;
  private spare: number | null = null;

  constructor(seed: number, stream = 0) {
    this.key = twoWords(seed);
    this.stream = twoWords(stream);
  }

  /** Uniform in [0, 2³²), an integer. */
  word(): number {
    if (this.next === 4) {
      this.words = philox([...twoWords(this.block++), ...this.stream], this.key);
      this.next = 0;
    }
    return this.words[this.next++]!;
  }

  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  /** Normal with mean 0 and variance 1 (Box and Muller, 1958). */
  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Uniform among the integers from 0 to `below` − 1. */
  int(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Brings the array into a random order, all equally likely, and returns it (Fisher and Yates; Durstenfeld, 1964). */
  shuffle<A extends { [index: number]: unknown; readonly length: number }>(array: A): A {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [array[i], array[j]] = [array[j], array[i]];
    }
    return array;
  }
}

/** The stream of random numbers that belongs to a seed. */
export function seeded(seed: number, stream = 0): Random {
  return new Random(seed, stream);
}

/** An integer as two words, low word first. */
function twoWords(value: number): readonly [number, number] {
  return [value >>> 0, Math.floor(value / 2 ** 32) >>> 0];
}
