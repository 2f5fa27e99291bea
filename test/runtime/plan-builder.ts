// Plans with loops and branches, written by hand: every buffer has memory of its own, live all the time.
import { itemSize, type DType } from "#ir/dtype.js";
import type { Kernel } from "#ir/kernel.js";
import {
  alignment,
  type Launch,
  type Plan,
  type PlannedBuffer,
  type Region,
  type Slice,
  type Times,
} from "#ir/plan.js";

/** A whole buffer, or a part of one. */
export type Binding = number | readonly [buffer: number, slice: Slice];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export class PlanBuilder {
  readonly #buffers: Omit<PlannedBuffer, "live">[] = [];
  readonly #steps: Launch[] = [];
  readonly #regions: Writable<Region>[] = [];
  readonly #failures: string[] = [];
  #end = 0;

  feed = (name: string, dtype: DType, length: number): number => this.#add("feed", name, dtype, length);
  output = (name: string, dtype: DType, length: number): number => this.#add("output", name, dtype, length);
  scratch = (name: string, dtype: DType, length: number): number => this.#add("scratch", name, dtype, length);

  launch(kernel: Kernel, ...bindings: readonly Binding[]): void {
    const buffers = bindings.map((b) => (typeof b === "number" ? b : b[0]));
    const slices = bindings.map((b) => (typeof b === "number" ? null : b[1]));
    this.#steps.push({ kind: "launch", kernel, buffers, ...(slices.some((s) => s) ? { slices } : {}) });
  }

  loop(times: Times, body: (region: number) => void): void {
    this.#region({ kind: "loop", times, from: this.#steps.length, to: 0 }, body);
  }

  branch(on: number, when: boolean, body: () => void): void {
    this.#region({ kind: "branch", on, when, from: this.#steps.length, to: 0 }, body);
  }

  /** Fails with "{limit} turns". */
  while(test: (region: number) => void, go: number, limit: number, body: (region: number) => void): void {
    const from = this.#steps.length;
    const failure = this.#failures.push("{value} turns are too many") - 1;
    const region = { kind: "while" as const, from, test: from, to: 0, go, limit, failure };
    this.#region(region, (index) => {
      test(index);
      region.test = this.#steps.length;
      body(index);
    });
  }

  plan(): Plan {
    const last = this.#steps.length - 1;
    const visible = (at: "feed" | "output") =>
      this.#buffers.flatMap(({ place, name, dtype, length }, buffer) =>
        place.at === at ? [{ name, dtype, shape: [length], buffer }] : [],
      );
    return {
      name: "test",
      buffers: this.#buffers.map((b) => ({ ...b, live: [0, last] })),
      feeds: visible("feed"),
      outputs: visible("output"),
      steps: this.#steps,
      regions: this.#regions,
      failures: this.#failures.map((message) => ({ message, origins: [] })),
      memory: { naive: this.#end, planned: this.#end, lowerBound: this.#end },
    };
  }

  #region(region: Writable<Region>, body: (index: number) => void): void {
    body(this.#regions.push(region) - 1);
    region.to = this.#steps.length;
  }

  #add(at: "feed" | "output" | "scratch", name: string, dtype: DType, length: number): number {
    const place = { at, name, offset: this.#end };
    this.#end += Math.ceil((length * itemSize(dtype)) / alignment) * alignment;
    return this.#buffers.push({ name, dtype, length, place }) - 1;
  }
}

/** The part of a buffer that begins at `step` times the turn of a loop, or the turn from its end. */
export const at = (region: number, step: number, backwards = false): Slice => ({
  start: 0,
  terms: [{ region, step, backwards }],
});

/** Of two slots, the one whose turn it is, or the other one. */
export const slot = (region: number, step: number, plus: 0 | 1 = 0): Slice => ({
  start: 0,
  terms: [{ region, step, plus, wrap: 2 }],
});
