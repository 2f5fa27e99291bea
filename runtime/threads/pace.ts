// Whether a program that could use several threads should: it does what has lately been quicker. A machine that is shared, or
// has fewer cores to give than it says, lets a thread wait for another that does not run; results are the same either way.

/** Runs in the other way before they are compared. */
const probes = 3;
/** Runs after which the other way is tried again: doubled each time it is no better, up to the last. */
const gaps = { first: 16, last: 512 };
/** Latest runs in the usual way that count. Medians are compared: a run that was held up says nothing of its way. */
const remembered = 7;
/** How much quicker the other way must be. */
const better = 0.95;

/** Decides run by run, from the times it is told. */
export class Pace {
  /** Whether the next run should use all threads. */
  together = true;
  readonly #usual: number[] = [];
  readonly #tried: number[] = [];
  #gap = gaps.first;
  /** Runs until the other way is tried; the first ones are still slow, as the engine compiles the program better meanwhile. */
  #left = 8;
  #first = true;

  /** A run took so long, in whatever unit. */
  took(time: number): void {
    if (this.#left === 0) return this.#compare(time);
    this.#left--;
    // The first run makes up for much that later ones need not do.
    if (!this.#first) this.#usual.push(time);
    this.#first = false;
    if (this.#usual.length > remembered) this.#usual.shift();
    if (this.#left === 0) this.together = !this.together;
  }

  #compare(time: number): void {
    this.#tried.push(time);
    if (this.#tried.length < probes) return;
    if (median(this.#tried) < better * median(this.#usual)) {
      this.#usual.splice(0, Infinity, ...this.#tried);
      this.#gap = gaps.first;
    } else {
      this.together = !this.together;
      this.#gap = Math.min(gaps.last, 2 * this.#gap);
    }
    this.#tried.length = 0;
    this.#left = this.#gap;
  }
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1]!;
}
