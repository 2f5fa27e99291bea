// Shrinks a failing recipe: leaves out steps, larger runs first, as long as the complaint stays.
import { printGraph } from "#ir/print-graph.js";
import { build, type Recipe } from "./recipe.js";
import { complaintAbout, type FuzzOptions } from "./verdict.js";

/** The smallest recipe found that still draws a complaint. */
export function shrink(recipe: Recipe, options: FuzzOptions = {}): Recipe {
  let best = recipe;
  for (let length = Math.ceil(best.steps.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let from = 0; from + length <= best.steps.length;) {
      const steps = [...best.steps.slice(0, from), ...best.steps.slice(from + length)];
      if (complaintAbout({ ...best, steps }, options)) best = { ...best, steps };
      else from += length;
    }
  }
  return best;
}

/** The complaint, and the shrunken graph as text. */
export function report(recipe: Recipe, options: FuzzOptions = {}): string {
  const small = shrink(recipe, options);
  const float = small.seed % 4 === 0 ? "f64" : "f32";
  return `seed ${recipe.seed}: ${complaintAbout(small, options)}\n${printGraph(build(small, float).graph)}`;
}
