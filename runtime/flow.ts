// The way through a plan's steps, for backends that go it in JavaScript: loops and branches, and the parts of buffers that
// launches see at each turn.
import type { TypedArray } from "#ir/dtype.js";
import { mostTurns, type Part, partsOf } from "#ir/plan-flow.js";
import { startOf } from "#ir/plan-slices.js";
import type { Launch, Region, SliceTerm } from "#ir/plan.js";
import type { Bound } from "./program.js";

export class Flow {
  readonly #buffers: Bound;
  readonly #launch: (step: number) => void;
  readonly #parts: readonly Part[];
  /** Of each region: the turn it is in, or the number it took; and how many it will take, where that is known. */
  readonly #turns: number[];
  readonly #times: number[];

  /** `launch` runs a step, and finds its arrays by `view`. */
  constructor(buffers: Bound, launch: (step: number) => void) {
    const { plan } = buffers;
    this.#buffers = buffers;
    this.#launch = launch;
    this.#parts = partsOf(plan);
    this.#turns = plan.regions.map(() => 0);
    this.#times = plan.regions.map(mostTurns);
  }

  /** Runs all steps. Throws RunError where a loop does not end. */
  run(): void {
    this.#walk(this.#parts);
  }

  /** Runs one step alone, as in the first turns of the loops around it. */
  launch(step: number): void {
    this.#turns.fill(0);
    this.#launch(step);
  }

  /** What a launch sees now of one of its kernel's buffers. */
  view({ buffers, slices, kernel }: Launch, position: number): TypedArray {
    const whole = this.#buffers.view(buffers[position]!);
    const slice = slices?.[position];
    if (!slice) return whole;
    const start = startOf(slice, this.#positionOf);
    return whole.subarray(start, start + kernel.buffers[position]!.length);
  }

  readonly #positionOf = ({ region, backwards }: SliceTerm): number =>
    backwards ? this.#times[region]! - 1 - this.#turns[region]! : this.#turns[region]!;

  #walk(parts: readonly Part[]): void {
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.kind === "step") this.#launch(part.step);
      else if (part.region.kind === "loop") this.#loop(part.index, part.region, part.body);
      else if (part.region.kind === "while") this.#while(part.index, part.region, part.test, part.body);
      else if (this.#holds(part.region.on) === part.region.when) this.#walk(part.body);
    }
  }

  #loop(index: number, { times }: Region & { kind: "loop" }, body: readonly Part[]): void {
    const count =
      typeof times === "number" ? times : Math.max(0, Math.min(times.most, this.#buffers.view(times.buffer)[0]!));
    this.#times[index] = count;
    for (this.#turns[index] = 0; this.#turns[index]! < count; this.#turns[index]!++) this.#walk(body);
  }

  #while(
    index: number,
    { go, limit, failure }: Region & { kind: "while" },
    test: readonly Part[],
    body: readonly Part[],
  ): void {
    for (this.#turns[index] = 0; ; this.#turns[index]!++) {
      this.#walk(test);
      if (!this.#holds(go)) return;
      if (this.#turns[index] === limit) throw this.#buffers.failed(failure, limit);
      this.#walk(body);
    }
  }

  #holds(buffer: number): boolean {
    return this.#buffers.view(buffer)[0] !== 0;
  }
}
