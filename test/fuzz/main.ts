// `npm run fuzz -- --count N --seed S`: random programs until the count is reached or one fails; with `--schedules FAMILY`
// random contractions, convolutions or row stages instead.
import { Command, Option } from "commander";
import { complaintOf, families } from "../schedules/families.js";
import { recipeOf } from "./recipe.js";
import { report } from "./shrink.js";
import { complaintAbout } from "./verdict.js";

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${text} is not a whole number`);
  return value;
};
const options = new Command("fuzz")
  .description("Runs random graphs with gradients every way there is, and compares.")
  .option("--count <n>", "how many programs", number, 1000)
  .option("--seed <s>", "the first one's seed", number, Math.floor(Math.random() * 2 ** 31))
  .addOption(
    new Option("--schedules <family>", "one kind of launch, against plain loops").choices(Object.keys(families)),
  )
  .parse()
  .opts<{ count: number; seed: number; schedules?: string }>();

console.log(`${options.count} ${options.schedules ?? "programs"} from seed ${options.seed}`);
for (let i = 0; i < options.count; i++) {
  const complaint = options.schedules ? complaintOf(options.schedules, options.seed + i) : complaintOfProgram(i);
  if (complaint) {
    console.error(complaint);
    process.exitCode = 1;
    break;
  }
  if ((i + 1) % 100 === 0) console.log(`${i + 1} agree`);
}

function complaintOfProgram(i: number): string | null {
  const recipe = recipeOf(options.seed + i);
  return complaintAbout(recipe, { thorough: true }) ? report(recipe, { thorough: true }) : null;
}
