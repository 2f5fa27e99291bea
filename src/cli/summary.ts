// `gradloom summary`: a model's layers, what they give, and how many numbers they train.
import Table from "cli-table3";
import type { Command } from "commander";
import { parseSize, type SizeBinding } from "#ir/size.js";
import { printType } from "#ir/type.js";
import { namedSizesOf } from "#passes/specialize.js";
import { itemSize } from "#ir/dtype.js";
import { inUnits } from "#runtime/device.js";
import { withCommas } from "../pictures/amounts.js";
import { loadModel } from "./load-model.js";
import { checkNames, printJson, sizeText, withSizes } from "./options.js";
import { plainTable } from "./tables.js";

/** A row of the table: a layer, or a parameter that belongs to none. */
interface Row {
  readonly name: string;
  readonly kind: string;
  readonly output: string;
  readonly parameters: number;
}

/** Adds the command. */
export function summaryCommand(program: Command): void {
  const command = program
    .command("summary <script>")
    .description("Lists the layers of a model: output shapes, parameters, totals.")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Examples:
  gradloom summary examples/mnist-mlp.ts
  gradloom summary examples/mnist-mlp.ts --size batch=32
  gradloom summary examples/xor.ts --json`,
    );
  withSizes(command).action(summary);
}

async function summary(
  script: string,
  options: { readonly json?: boolean; readonly size?: SizeBinding },
): Promise<void> {
  const definition = await loadModel(script);
  const instance = definition.create();
  const given = options.size ?? {};
  checkNames(namedSizesOf(instance.train().graph), given);
  const layers: Row[] = instance.summary().map((row) => ({ ...row, output: withNumbers(row.output, given) }));
  const alone = instance.parameters.filter((p) => !layers.some(({ name }) => p.name.startsWith(`${name}/`)));
  const rows: Row[] = [
    ...layers,
    ...alone.map((p) => ({ name: p.name, kind: "parameter", output: printType(p.type), parameters: p.count })),
  ];
  const parameters = instance.parameters.reduce((sum, p) => sum + p.count, 0);
  const bytes = instance.parameters.reduce((sum, p) => sum + p.count * itemSize(p.dtype), 0);
  const state = instance.optimizer?.state.reduce((sum, p) => sum + p.count, 0) ?? 0;
  if (options.json)
    return printJson({ model: definition.name, layers: rows, parameters, bytes, optimizerState: state });
  const table = new Table({
    ...plainTable,
    head: ["layer", "kind", "output", "parameters"],
    colAligns: ["left", "left", "left", "right"],
  });
  for (const row of rows) table.push([row.name, row.kind, row.output, withCommas(row.parameters)]);
  table.push(["together", "", "", withCommas(parameters)]);
  console.log(definition.doc ? `${definition.name}: ${definition.doc}` : definition.name);
  console.log(table.toString());
  const optimizer = instance.optimizer
    ? `; the optimiser ${instance.optimizer.name} keeps ${withCommas(state)} more`
    : "";
  console.log(`${withCommas(parameters)} trained numbers, ${inUnits(bytes)}${optimizer}`);
}

/** A printed type with the sizes that are known as numbers: `f32[batch,128]` becomes `f32[32,128]`. */
function withNumbers(type: string, given: SizeBinding): string {
  const [, dtype, shape] = /^(\w+)\[(.*)\]$/.exec(type) ?? [];
  if (dtype === undefined || !shape) return type;
  const sizes = splitSizes(shape).map((size) => parseSize(size));
  return `${dtype}[${sizes.map((size) => sizeText(size, given)).join()}]`;
}

/** Sizes are separated by commas that stand in no parentheses. */
function splitSizes(shape: string): readonly string[] {
  const sizes = [""];
  let depth = 0;
  for (const c of shape) {
    if (c === "(") depth++;
    if (c === ")") depth--;
    if (c === "," && depth === 0) sizes.push("");
    else sizes[sizes.length - 1] += c;
  }
  return sizes;
}
