// `gradloom measure`, which help does not show: one mode of a model, timed, for the process that started this one.
import type { Command } from "commander";
import type { Mode } from "../mode.js";
import { measure, type MeasureOptions } from "../modes/measure.js";
import { loadModel } from "./load-model.js";

/** Adds the command. */
export function measureCommand(program: Command): void {
  program
    .command("measure <script> <mode>", { hidden: true })
    .option("--steps <n>", "", Number)
    .option("--seconds <n>", "", Number)
    .option("--threads <n>", "", Number)
    .option("--seed <n>", "", Number)
    .option("--data <folder>")
    .action(async (script: string, mode: Mode, options: MeasureOptions) => {
      process.send?.(await measure(await loadModel(script), mode, options));
    });
}
