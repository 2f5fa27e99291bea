// Invariants 6, 7, 9 and 10 of plans: what is written before it is read, and what can fail before what cannot be undone. See
// `verify-plan.ts`.
import { failuresOf } from "./failures.js";
import { decider, type Part, partsOf } from "./plan-flow.js";
import type { Plan, Region } from "./plan.js";
import { printPlannedBuffer as show } from "./print-plan.js";
import type { Complain } from "./verify-plan-regions.js";

type Block = Part & { readonly kind: "region" };

/** Follows the steps in order; the buffers' indices must be those of buffers, and regions in order. */
export function checkDataFlow(plan: Plan, complain: Complain): void {
  const known = new Set<number>();
  plan.buffers.forEach((b, i) => {
    if (b.length === 0 || (b.place.at !== "scratch" && b.place.at !== "output")) known.add(i);
  });
  new DataFlow(plan, complain).walk(partsOf(plan), known);
  for (const { name, buffer } of plan.outputs) {
    if (!known.has(buffer)) complain(6, `output ${name} shows ${show(plan, buffer)}, which nothing has written`);
  }
}

class DataFlow {
  constructor(
    readonly plan: Plan,
    readonly complain: Complain,
  ) {}

  /** Adds what is certainly written to what is known. */
  walk(parts: readonly Part[], known: Set<number>): void {
    let before: { readonly region: Region; readonly written: ReadonlySet<number> } | null = null;
    for (const part of parts) {
      if (part.kind === "step") {
        this.#step(part.step, known);
        before = null;
      } else {
        const { region } = part;
        const written = this.#region(part, known);
        if (before && areOpposite(before.region, region))
          for (const i of written) if (before.written.has(i)) known.add(i);
        before = { region, written };
      }
    }
  }

  #step(at: number, known: Set<number>): void {
    const { kernel, buffers } = this.plan.steps[at]!;
    kernel.buffers.forEach(({ access }, position) => {
      const i = buffers[position]!;
      if (access === "read") this.#read(`step ${at}`, i, known);
      else if (this.plan.buffers[i]!.place.at === "constant")
        this.complain(7, `step ${at} writes ${show(this.plan, i)}`);
    });
    kernel.buffers.forEach(({ access }, position) => {
      if (access !== "read") known.add(buffers[position]!);
    });
  }

  /** All that is known at the end of what is inside. */
  #region({ region, index, test, body }: Block, known: Set<number>): ReadonlySet<number> {
    this.walk(test, known);
    const i = decider(region);
    if (i !== null) this.#read(`region ${index}`, i, known);
    const certain = region.kind === "loop" && typeof region.times === "number" && region.times > 0;
    const inside = certain ? known : new Set(known);
    this.walk(body, inside);
    return inside;
  }

  #read(who: string, buffer: number, known: ReadonlySet<number>): void {
    if (!known.has(buffer)) this.complain(6, `${who} reads ${show(this.plan, buffer)}, which nothing has written`);
  }
}

/** Whether one of two branches side by side is taken. */
function areOpposite(a: Region, b: Region): boolean {
  return a.kind === "branch" && b.kind === "branch" && a.on === b.on && a.when !== b.when;
}

/** The indices of buffers must be those of buffers, and regions in order. */
export function checkFailures(plan: Plan, complain: Complain): void {
  const missing = (failure: number): boolean => !plan.failures[failure];
  const total = plan.failures.length;
  plan.steps.forEach(({ kernel }, at) => {
    for (const f of failuresOf(kernel))
      if (missing(f)) complain(9, `step ${at}, ${kernel.name}, has a check with failure ${f} of ${total}`);
  });
  plan.regions.forEach((region, index) => {
    if (region.kind === "while" && missing(region.failure))
      complain(9, `region ${index} has failure ${region.failure} of ${total}`);
  });
  const found = new Set<string>();
  new Commits(plan, (what) => found.add(what)).walk(partsOf(plan));
  for (const what of found) complain(10, what);
}

/** Goes through loops twice, since what a turn writes comes before what fails in the next one. */
class Commits {
  #written: number | null = null;

  constructor(
    readonly plan: Plan,
    readonly complain: (what: string) => void,
  ) {}

  walk(parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.kind === "step") this.#step(part.step);
      else {
        const { region, index, test, body } = part;
        for (let turn = 0; turn < (region.kind === "branch" ? 1 : 2); turn++) {
          this.walk(test);
          if (region.kind === "while") this.#fail(`region ${index}, a while,`);
          this.walk(body);
        }
      }
    }
  }

  #step(at: number): void {
    const { kernel, buffers } = this.plan.steps[at]!;
    const writes = kernel.buffers.some(
      (b, i) => b.access !== "read" && this.plan.buffers[buffers[i]!]!.place.at === "parameter",
    );
    if (writes) this.#written ??= at;
    if (failuresOf(kernel).length > 0) this.#fail(`step ${at}, ${kernel.name},`);
  }

  #fail(who: string): void {
    if (this.#written !== null) this.complain(`${who} can fail, and step ${this.#written} writes a parameter`);
  }
}
