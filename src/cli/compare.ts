// `gradloom compare`: the static graph against eager execution, from the same weights, each in a fresh process.
import Table from "cli-table3";
import type { Command } from "commander";
import { inUnits } from "#runtime/device.js";
import { threeDigits, timeText, withCommas } from "../amounts.js";
import { compareModes, type Comparison, fullSpeedStep } from "../modes/comparison.js";
import type { MeasureOptions, Measurement } from "../modes/measure.js";
import { measureScript } from "../modes/measure-script.js";
import { loadModel } from "./load-model.js";
import { integer, printJson, withSeed } from "./options.js";
import { plainTable } from "./tables.js";

interface CompareOptions extends Pick<MeasureOptions, "steps" | "threads" | "seed"> {
  readonly json?: boolean;
}

/** Both modes' measurements, and what they say. */
export interface ModesCompared {
  readonly eager: Measurement;
  readonly compiled: Measurement;
  readonly comparison: Comparison;
}

/** Adds the command. */
export function compareCommand(program: Command): void {
  const command = program
    .command("compare <script>")
    .description("Trains the model eagerly and compiled, from the same weights, each in a fresh process, and compares.")
    .option("--steps <n>", "training steps in each mode; where nothing is said at least 200 and one second", integer(1))
    .option("--threads <n>", "of the compiled program; where nothing is said as many as pay", integer(1))
    .option("--json", "as JSON, times in ms")
    .addHelpText(
      "after",
      `
Compile time counts from building the graph to the end of the first run. The break-even step is the first at which all
compiled steps so far, compiling included, took less time than all eager ones; beyond the measured steps it is worked out
from the times at full speed, and "never" is an answer.

Examples:
  gradloom compare examples/xor.ts
  gradloom compare examples/mnist-mlp.ts --steps 500
  gradloom compare examples/xor.ts --json`,
    );
  withSeed(command).action(async (script: string, options: CompareOptions) => {
    // Errors of the script appear once, here, and not in each process.
    await loadModel(script);
    const compared = await compareScript(script, options);
    if (options.json) printJson(compared.comparison);
    else printComparison(compared);
  });
}

/** Measures both modes, one after the other. */
export async function compareScript(
  script: string,
  { steps, threads, seed, data }: Pick<MeasureOptions, "steps" | "threads" | "seed" | "data">,
): Promise<ModesCompared> {
  const compiled = await measureScript(script, "compiled", { steps, threads, seed, data });
  const eager = await measureScript(script, "eager", { steps, seed, data });
  return { eager, compiled, comparison: compareModes(eager, compiled) };
}

/** Prints the table, then how closely the losses agree. */
export function printComparison({ eager, compiled, comparison }: ModesCompared): void {
  const { eager: e, compiled: c, breakEvenSteps } = comparison;
  const table = new Table({
    ...plainTable,
    head: [comparison.model, "eager", "compiled"],
    colAligns: ["left", "right", "right"],
  });
  table.push(
    ["first step, compiling included", timeText(eager.times[0] ?? 0), timeText(c.compileMs)],
    ["a step at full speed", timeText(e.stepMs), timeText(c.stepMs)],
    ["full speed from step", withCommas(fullSpeedStep(eager.times)), withCommas(fullSpeedStep(compiled.times))],
    ["kernels a step", withCommas(e.kernels), withCommas(c.kernels)],
    ["bytes that kernels read and write", inUnits(e.traffic), inUnits(c.traffic)],
    ["memory beside parameters", inUnits(e.bytes), inUnits(c.arenaBytes)],
    ["  without sharing; at least", "", `${inUnits(c.naiveBytes)}; ${inUnits(c.lowerBoundBytes)}`],
  );
  console.log(table.toString());
  const even = breakEvenSteps === null ? "never" : `from step ${withCommas(breakEvenSteps)} on`;
  console.log(`compiled is ${threeDigits(comparison.speedup)} times as fast a step; compiling pays ${even}`);
  const steps = Math.min(eager.losses.length, compiled.losses.length);
  const apart = comparison.maxRelativeDifference;
  const agree = apart === 0 ? "agree to the bit" : `differ by at most ${threeDigits(apart)} (relative)`;
  console.log(`the losses of ${withCommas(steps)} steps from the same weights ${agree}`);
}
