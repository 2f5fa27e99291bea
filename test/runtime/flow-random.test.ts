// Random plans with loops and branches: every backend and any number of threads give the same bits, and threads never touch
// what others may be working on.
import { afterAll, expect, test } from "vitest";
import { decider, type Part, partsOf } from "#ir/plan-flow.js";
import type { Plan, Region } from "#ir/plan.js";
import { verifyPlan } from "#ir/verify-plan.js";
import { prepare } from "#runtime/prepare.js";
import { shareOut, type Turn } from "#runtime/threads/shares.js";
import { generator, integer, seed } from "../random.js";
import { elements, randomPlan } from "./random-plan.js";
import { eagerToShare, untilReady } from "./threads.js";

const device = eagerToShare();
afterAll(() => device.dispose());

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => seed + 17 * i);

test.each(seeds(Number(process.env.FLOWS ?? 25)))("plan %i on all backends", async (from) => {
  const next = generator(from);
  const plan = randomPlan(next);
  verifyPlan(plan);
  const data = Float32Array.from({ length: elements }, () => next() * 2 - 1);
  const counts = [0, 1, 2].map(() => integer(next, -1, 5));
  const results: (readonly number[])[] = [];
  for (const [backend, threads] of [["interpret", 1], ["js", 1], ["wasm", 1], ["wasm", 2], ["wasm", 3]] as const) {
    const program = prepare(plan, device, backend, { threads });
    await untilReady(program);
    const { buffers } = program;
    for (let run = 0; run < (threads > 1 ? 3 : 1); run++) {
      buffers.locate();
      buffers.view(0).set(data);
      counts.forEach((value, i) => buffers.view(i + 1).fill(value));
      program.run();
      results.push([0, 1, 2, 3].flatMap((i) => [...buffers.view(i)]));
    }
    program.dispose();
  }
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
}); // prettier-ignore

interface Touch {
  readonly buffer: number;
  readonly writes: boolean;
  readonly alone: boolean;
}

/** Walks a plan by chance, as threads do, and counts what one thread touches while another may be writing it, or writes while it may be read. */
class Race {
  #since: Touch[] = [];
  found = 0;

  constructor(
    readonly plan: Plan,
    readonly shares: NonNullable<ReturnType<typeof shareOut>>,
    readonly random: () => number,
  ) {}

  /** A run, at the end of which all threads meet. */
  run(): void {
    this.#since = [];
    this.#walk(partsOf(this.plan), false);
  }

  #walk(parts: readonly Part[], inside: boolean): void {
    for (const part of parts) {
      if (part.kind === "region") this.#region(part, inside);
      else for (const turn of this.shares.turns[part.step]!) this.#turn(part.step, turn);
    }
  }

  #turn(step: number, turn: Turn): void {
    this.#meet(turn);
    const { kernel, buffers } = this.plan.steps[step]!;
    this.#touch(buffers.map((b, i) => ({ buffer: b, writes: kernel.buffers[i]!.access !== "read", alone: turn.weights === null }))); // prettier-ignore
  }

  #region({ region, index, test, body }: Part & { kind: "region" }, inside: boolean): void {
    const alone = inside || this.shares.alone.has(index);
    const buffer = decider(region);
    if (alone && !inside) this.#meet(region);
    const decide = (): void => {
      if (!alone) this.#meet(region);
      if (buffer !== null) this.#touch([{ buffer, writes: false, alone }]);
    };
    const turns = integer(this.random, region.kind === "loop" && typeof region.times === "number" ? 1 : 0, 3);
    if (region.kind !== "while") decide();
    if (region.kind === "branch") {
      if (turns > 1) this.#walk(body, alone);
    } else if (region.kind === "loop") for (let i = 0; i < turns; i++) this.#walk(body, alone);
    else {
      for (let i = 0; ; i++) {
        this.#walk(test, alone);
        decide();
        if (i === turns) return;
        this.#walk(body, alone);
      }
    }
  }

  #meet(what: Turn | Region): void {
    if (this.shares.meetings.has(what)) this.#since = [];
  }

  #touch(own: readonly Touch[]): void {
    const clash = (a: Touch, b: Touch): boolean =>
      a.buffer === b.buffer && (a.writes || b.writes) && !(a.alone && b.alone);
    if (own.some((a) => this.#since.some((b) => clash(a, b)))) this.found++;
    this.#since.push(...own);
  }
}

test("threads meet before they touch what others may be working on, whatever way they go", () => {
  let alone = 0;
  for (const from of seeds(300)) {
    const random = generator(from);
    const plan = randomPlan(random);
    const shares = shareOut(plan, 3, 0);
    if (!shares) continue;
    alone += shares.alone.size;
    const race = new Race(plan, shares, random);
    for (let run = 0; run < 3; run++) race.run();
    expect(race.found, `seed ${from}`).toBe(0);
  }
  expect(alone).toBeGreaterThan(0);
});
