#!/usr/bin/env node
// The command line: `gradloom run | compare | dot | ir | summary | check` on a model script.
import { Command } from "commander";
import { checkCommand } from "./check.js";
import { compareCommand } from "./compare.js";
import { dotCommand } from "./dot.js";
import { report } from "./failure.js";
import { irCommand } from "./ir.js";
import { measureCommand } from "./measure.js";
import { runCommand } from "./run.js";
import { summaryCommand } from "./summary.js";

const program = new Command("gradloom")
  .description("Works on a model script: a file whose default export is defineModel({ … }).")
  .option("--debug", "show stack traces of errors")
  .showHelpAfterError("(gradloom --help, or gradloom <command> --help, says more)")
  .addHelpText(
    "after",
    `
Examples:
  gradloom run examples/xor.ts                      train it and print its figures
  gradloom compare examples/mnist-mlp.ts            static against dynamic, in numbers
  gradloom dot examples/xor.ts -o xor.svg --stage fused
  gradloom check examples/xor.ts                    gradients against central differences`,
  );
for (const add of [runCommand, compareCommand, dotCommand, irCommand, summaryCommand, checkCommand, measureCommand]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  report(error, program.opts<{ debug?: boolean }>().debug ?? process.argv.includes("--debug"));
}
