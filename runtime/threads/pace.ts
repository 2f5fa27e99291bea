// Whether a program that could use several threads should: it does what has lately been quicker. A machine that is shared, or
// has fewer cores to give than it says, lets a thread wait for another that does not run; results are the same either way.

/** Runs in the other way before they are compared. */
const probes = 2;
/** Runs after which the other way is tried again: doubled each time it is no better, up to the last. */
const gaps = { first: 16, last: 512 };
/** What a run's time counts in the average. */
const weight = 0.2;
/** How much quicker the other way must be. */
const better = 0.95;

/** Decides run by run, from the times it is told. */
export class Pace {
  /** Whether the next run should use all threads. */
  together = true;
  #usual = 0;
  #gap = gaps.first;
  /** Runs until the other way is tried; then below 0, while it is tried. */
  #left = 4;
  #tried = 0;
  #counted = 0;

  /** A run took so long, in whatever unit. */
  took(time: number): void {
    this.#left--;
    if (this.#left < 0) return this.#compare(time);
    // The first run makes up for much that later ones need not do.
    if (this.#counted++ > 0) this.#usual = this.#usual === 0 ? time : this.#usual + weight * (time - this.#usual);
    if (this.#left === 0) this.together = !this.together;
  }

  #compare(time: number): void {
    this.#tried += time / probes;
    if (this.#left > -probes) return;
    if (this.#tried < better * this.#usual) {
      this.#usual = this.#tried;
      this.#gap = gaps.first;
    } else {
      this.together = !this.together;
      this.#gap = Math.min(gaps.last, 2 * this.#gap);
    }
    this.#tried = 0;
    this.#left = this.#gap;
  }
}
