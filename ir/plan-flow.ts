// The steps of a plan as they nest in its regions, and how far a loop can be at a step: for whoever walks a plan in the
// order in which it runs.
import type { Plan, Region } from "./plan.js";

/** A step, or a region with what is inside it. */
export type Part =
  | { readonly kind: "step"; readonly step: number }
  | {
      readonly kind: "region";
      /** Its index among the plan's regions. */
      readonly index: number;
      readonly region: Region;
      /** What runs before a `while` reads whether it goes on; nothing in other regions. */
      readonly test: readonly Part[];
      readonly body: readonly Part[];
    };

/** The plan as a tree; the regions must be in order, as invariant 12 of `verifyPlan` says. */
export function partsOf({ steps, regions }: Pick<Plan, "steps" | "regions">): readonly Part[] {
  let next = 0;
  const within = (from: number, to: number): readonly Part[] => {
    const parts: Part[] = [];
    for (let step = from; step < to;) {
      const region = regions[next];
      if (region?.from === step && region.to <= to) {
        const index = next++;
        const middle = region.kind === "while" ? region.test : region.from;
        const test = within(region.from, middle);
        parts.push({ kind: "region", index, region, test, body: within(middle, region.to) });
        step = region.to;
      } else parts.push({ kind: "step", step: step++ });
    }
    return parts;
  };
  return within(0, steps.length);
}

/** Whether a step lies inside a region. */
export function holds({ from, to }: Region, step: number): boolean {
  return from <= step && step < to;
}

/** The most turns of a loop; 1 for a branch. */
export function mostTurns(region: Region): number {
  if (region.kind === "branch") return 1;
  if (region.kind === "while") return region.limit;
  return typeof region.times === "number" ? region.times : region.times.most;
}

/** The buffer by which a region decides whether or how often it runs; null for a loop of so many turns. */
export function decider(region: Region): number | null {
  if (region.kind === "branch") return region.on;
  if (region.kind === "while") return region.go;
  return typeof region.times === "number" ? null : region.times.buffer;
}

/** How often a step runs, as far as is known: what only the run knows counts as once. */
export function runsOf({ regions }: Pick<Plan, "regions">, step: number): number {
  return regions.reduce((product, region) => {
    const known = region.kind === "loop" && typeof region.times === "number" && holds(region, step);
    return known ? product * region.times : product;
  }, 1);
}
