// `gradloom summary`: a model's layers, what they give, compute and keep, and how many numbers they train.
import type { Command } from "commander";
import type { SizeBinding } from "#ir/size.js";
import { namedSizesOf } from "#passes/specialize.js";
import { withCommas } from "../amounts.js";
import { loadModel } from "./load-model.js";
import { checkNames, printJson, withSizes } from "./options.js";
import { ScriptReport } from "./script-report.js";

/** Adds the command. */
export function summaryCommand(program: Command): void {
  const command = program
    .command("summary <script>")
    .description("Lists the layers of a model: output shapes, parameters, operations, memory, totals.")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Operations (flops) are those of one forward pass, a multiply-add counts two. Memory is that of a layer's parameters and of
its output; what inference and a training step plan in fact when they are compiled stands under the table.

Examples:
  gradloom summary examples/mnist-mlp.ts
  gradloom summary examples/mnist-mlp.ts --size batch=32
  gradloom summary examples/xor.ts --json`,
    );
  withSizes(command, "what a named size stands for in operations and memory; 1 where nothing is said").action(summary);
}

async function summary(
  script: string,
  options: { readonly json?: boolean; readonly size?: SizeBinding },
): Promise<void> {
  const definition = await loadModel(script);
  const instance = definition.create();
  const given = options.size ?? {};
  checkNames(namedSizesOf(instance.train().graph), given);
  const found = instance.summary({ sizes: given, plan: true });
  const state = instance.optimizer?.state.reduce((sum, p) => sum + p.count, 0) ?? 0;
  if (options.json) {
    const { rows, ...totals } = found;
    return printJson({ model: definition.name, layers: rows, ...totals, optimizerState: state });
  }
  console.log(definition.doc ? `${definition.name}: ${definition.doc}` : definition.name);
  found.tell(new ScriptReport(false));
  if (state > 0) console.log(`the optimiser ${instance.optimizer!.name} keeps ${withCommas(state)} numbers more`);
}
