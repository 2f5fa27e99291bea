// `npm run fuzz -- --count N --seed S`: random programs until the count is reached or one fails.
import { Command } from "commander";
import { recipeOf } from "./zz-recipe.js";
import { report } from "./zz-shrink.js";
import { complaintAbout } from "./zz-verdict.js";

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a whole number`);
  return value;
};
const options = new Command("fuzz")
  .description("Runs random graphs with gradients every way there is, and compares.")
  .option("--count <n>", "how many programs", number, 1000)
  .option("--seed <s>", "the first one's seed", number, Math.floor(Math.random() * 2 ** 31))
  .parse()
  .opts<{ count: number; seed: number }>();

console.log(`${options.count} programs from seed ${options.seed}`);
for (let i = 0; i < options.count; i++) {
  const recipe = recipeOf(options.seed + i);
  if (complaintAbout(recipe, { thorough: true })) {
    console.error(report(recipe, { thorough: true }));
    process.exitCode = 1;
    break;
  }
  if ((i + 1) % 100 === 0) console.log(`${i + 1} agree`);
}
