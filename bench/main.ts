// `npm run bench -- <name>`: measurements of gradloom, printed as tables.
import { Command, InvalidArgumentError } from "commander";
import { benchCompare } from "./compare.js";
import { benchFirstRun } from "./first-run.js";
import { benchLaunches } from "./launches.js";
import { benchModes } from "./modes.js";
import { benchPage } from "./page.js";
import { benchPlanner } from "./planner.js";
import { benchRematerialize } from "./rematerialize.js";

const program = new Command("bench").description("Measure gradloom.").showHelpAfterError();

program
  .command("compare", { isDefault: true })
  .description("gradloom beside other libraries: medians by turns, results checked against each other first")
  .option("--only <names>", "workloads, with commas")
  .option("--peers <names>", "libraries, with commas; gradloom is one")
  .option("--seconds <n>", "how long to measure each workload", positive, 8)
  .option("--json <file>", "write the results")
  .option("--compile", "measure first runs in fresh processes too")
  .action(benchCompare);

program
  .command("page")
  .description("numbers and charts of docs/performance.md and docs/static-dynamic.md, from the .json beside them")
  .action(benchPage);

program
  .command("modes")
  .description("eager and compiled steps of the notes' models, and what vectorising brings; a minute or two")
  .option("--seconds <n>", "how long to go on in each process", positive, 1)
  .option("--processes <n>", "how many of each kind", positive, 2)
  .option("--json <file>", "write the results: docs/static-dynamic.json")
  .action(benchModes);

program
  .command("planner")
  .description("pack the allocation traces of real networks and compare with the lower bound")
  .option("--json", "print the rows as JSON")
  .action(benchPlanner);

program
  .command("rematerialize")
  .description("bytes and times of training steps with and without recomputation")
  .action(benchRematerialize);

program
  .command("launches")
  .description("the best time of every launch of workloads")
  .argument("<name...>", "workloads, by name")
  .option("--seconds <n>", "how long to measure each", positive, 3)
  .action(benchLaunches);

program
  .command("first-run")
  .description("from compile() to the end of the first run, in fresh processes")
  .argument("[name...]", "workloads, by name", ["xor", "deep", "cnn", "transformer-training"])
  .option("--processes <n>", "how many of each", positive, 5)
  .action(benchFirstRun);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** A number above 0, of an option. */
function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}
