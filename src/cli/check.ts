// `gradloom check`: the gradient of a model's loss against central differences, in float64.
import Table from "cli-table3";
import type { Command } from "commander";
import { checkGradients, type GradientReport } from "../check-gradients.js";
import { CommandError } from "./failure.js";
import { loadModel } from "./load-model.js";
import { firstBatch, integer, printJson, withSeed } from "./options.js";
import { plainTable } from "./tables.js";

interface CheckOptions {
  readonly samples: number;
  readonly seed?: number;
  readonly json?: boolean;
}

const tolerance = 1e-4;

/** Adds the command. */
export function checkCommand(program: Command): void {
  const command = program
    .command("check <script>")
    .description(
      "Compares the gradient of the loss with central differences (f(w + ε) − f(w − ε)) / 2ε, ε 1e-4, in float64, on the first batch.",
    )
    .option("--samples <n>", "elements to try of each parameter; all where there are no more", integer(1), 24)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
An element that disagrees at ε 1e-4 is tried again at 1e-6: a kink, such as relu's, may lie between.
Exits with code 1 where a gradient is off.

Examples:
  gradloom check examples/xor.ts
  gradloom check examples/mnist-mlp.ts --samples 50 --seed 3`,
    );
  withSeed(command).action(check);
}

async function check(script: string, options: CheckOptions): Promise<void> {
  const definition = await loadModel(script);
  const feeds = await firstBatch(definition);
  if (!feeds) throw new CommandError(`check: the data of ${script} have no batch`);
  const instance = definition.create(options.seed === undefined ? {} : { seed: options.seed });
  const report = checkGradients(instance, feeds, { samples: options.samples, tolerance });
  if (options.json) printJson({ model: definition.name, tolerance, ok: report.ok, parameters: report.rows });
  else print(report);
  if (!report.ok) process.exitCode = 1;
}

function print(report: GradientReport): void {
  const [head, ...cells] = report.cells();
  const table = new Table({
    ...plainTable,
    head: [...head!],
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right", "left"],
  });
  for (const row of cells) table.push([...row]);
  console.log(table.toString());
  const { rows } = report;
  const failed = rows.filter((row) => row.error > tolerance).length;
  const all = rows.reduce((sum, row) => sum + row.tried, 0);
  console.log(
    failed > 0
      ? `the gradients of ${failed} of ${rows.length} parameters are off`
      : `${all} elements of ${rows.length} parameters agree to ${tolerance}`,
  );
}
