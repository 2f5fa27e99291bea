// The families of random schedules, and what is said of one that goes wrong: what it was, and how to run it again.
import { interpret } from "#runtime/interpret.js";
import { js } from "#runtime/js.js";
import { wasm } from "#runtime/wasm/backend.js";
import { convolutionOf, convolutionTrial } from "./convolutions.js";
import { productOf, productTrial } from "./products.js";
import { rowStageOf, rowStageTrial } from "./row-stages.js";
import { complaintAbout, type Trial } from "./trial.js";

/** A trial from a seed, of about so many multiplications or elements; the same numbers give the same trial. */
type Family = (seed: number, limit: number) => Trial;

export const families: Readonly<Record<string, Family>> = {
  products: (seed, limit) => productTrial(productOf(seed, limit), seed),
  convolutions: (seed, limit) => convolutionTrial(convolutionOf(seed, limit), seed),
  rows: (seed, limit) => rowStageTrial(rowStageOf(seed, Math.ceil(limit / 32)), seed),
};

/** Enough for several tiles, panels and chunks. */
const large = 200_000;
/** Few enough for backends that take their time. */
const small = 4_000;

/**
 * What is wrong with the trial of a seed, with a line that repeats it, or null. Every fourth is small and runs on all
 * backends, the others on wasm alone.
 */
export function complaintOf(family: string, seed: number): string | null {
  const all = seed % 4 === 0;
  const trial = families[family]!(seed, all ? small : large);
  for (const backend of all ? [interpret, js, wasm] : [wasm]) {
    const wrong = complaintAbout(trial, backend);
    if (wrong) return `${family}, ${backend.name}, seed ${seed}: ${trial.title}\n${wrong}\nnpm run fuzz -- --schedules ${family} --count 1 --seed ${seed}`; // prettier-ignore
  }
  return null;
}
