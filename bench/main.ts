// `npm run bench -- <name>`: measurements of gradloom, printed as tables.
import { Command } from "commander";
import { benchPlanner } from "./planner.js";
import { benchRematerialize } from "./rematerialize.js";

const program = new Command("bench").description("Measure gradloom.").showHelpAfterError();

program
  .command("planner")
  .description("pack the allocation traces of real networks and compare with the lower bound")
  .option("--json", "print the rows as JSON")
  .action(benchPlanner);

program
  .command("rematerialize")
  .description("bytes and times of training steps with and without recomputation")
  .action(benchRematerialize);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
