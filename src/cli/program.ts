// The commands and what they have in common.
import { Command } from "commander";
import { checkCommand } from "./check.js";
import { compareCommand } from "./compare.js";
import { dotCommand } from "./dot.js";
import { galleryCommand } from "./gallery.js";
import { irCommand } from "./ir.js";
import { measureCommand } from "./measure.js";
import { runCommand } from "./run.js";
import { summaryCommand } from "./summary.js";

const examples = `
Examples:
  gradloom run examples/xor.ts                      train it and print its figures
  gradloom compare examples/mnist-mlp.ts            static against dynamic, in numbers
  gradloom dot examples/xor.ts -o xor.svg --stage fused
  gradloom check examples/xor.ts                    gradients against central differences`;

/** The command line's program: one command per file. */
export function gradloomProgram(): Command {
  const program = new Command("gradloom")
    .description("Works on a model script: a file whose default export is defineModel({ … }).")
    .option("--debug", "show stack traces of errors")
    .showHelpAfterError("(gradloom --help, or gradloom <command> --help, says more)")
    .addHelpText("after", examples);
  const commands = [runCommand, compareCommand, dotCommand, irCommand, summaryCommand, checkCommand];
  for (const add of [...commands, galleryCommand, measureCommand]) add(program);
  return program;
}
