// `gradloom ir`: a stage of a model's training step as text, and what each pass did and took.
import { type Command, Option } from "commander";
import Table from "cli-table3";
import type { Graph } from "#ir/graph.js";
import type { Kernel } from "#ir/kernel.js";
import type { Plan } from "#ir/plan.js";
import { printGraph } from "#ir/print-graph.js";
import { printKernel } from "#ir/print-kernel.js";
import { printPlan } from "#ir/print-plan.js";
import { namesOfValues, printNode } from "#ir/print-graph.js";
import type { SizeBinding } from "#ir/size.js";
import type { FusedGraph, Group } from "#passes/group.js";
import type { Schedule } from "#passes/schedule.js";
import type { PassRecord, Stages } from "../pictures/stages.js";
import { CommandError } from "./failure.js";
import { loadModel } from "./load-model.js";
import { stagesOfModel } from "./model-stages.js";
import { printJson, withSizes } from "./options.js";
import { plainTable } from "./tables.js";

const stages = ["built", "gradient", "optimized", "fused", "scheduled", "kernels", "plan"] as const;

interface IrOptions {
  readonly stage: (typeof stages)[number];
  readonly pass?: string;
  readonly passes?: boolean;
  readonly origins?: boolean;
  readonly json?: boolean;
  readonly size?: SizeBinding;
}

/** Adds the command. */
export function irCommand(program: Command): void {
  const command = program
    .command("ir <script>")
    .description("Prints a training step at a stage of compilation: graph text, kernels, the plan.")
    .addOption(new Option("--stage <stage>", "what to print").choices(stages).default("optimized"))
    .option("--pass <name>", "print what this pass made; its last run where it ran several times")
    .option("--passes", "list the passes with their times and the rules they applied")
    .option("--origins", "show the script's lines and the name scopes that made each node")
    .option("--json", "with --passes: as JSON")
    .addHelpText(
      "after",
      `
Examples:
  gradloom ir examples/xor.ts --stage gradient --origins
  gradloom ir examples/xor.ts --pass algebra
  gradloom ir examples/mnist-mlp.ts --passes --size batch=32
  gradloom ir examples/xor.ts --stage kernels`,
    );
  withSizes(command).action(ir);
}

async function ir(script: string, options: IrOptions): Promise<void> {
  const all = await stagesOfModel(await loadModel(script), options.size);
  const origins = options.origins ?? false;
  if (options.passes) printPasses(all.passes, options.json ?? false);
  else if (options.pass !== undefined) console.log(passText(all.passes, options.pass, origins));
  else console.log(stageText(all, options.stage, origins));
}

function stageText(all: Stages, stage: IrOptions["stage"], origins: boolean): string {
  switch (stage) {
    case "built":
    case "gradient":
    case "optimized":
      return printGraph(all[stage], { origins });
    case "fused":
    case "scheduled":
      return irText(all[stage], origins);
    case "kernels":
      return all.buffers.steps.map((step) => printKernel(step.kernel)).join("\n\n");
    case "plan":
      return printPlan(all.buffers);
  }
}

function passText(passes: readonly PassRecord[], name: string, origins: boolean): string {
  const record = passes.findLast((pass) => pass.name === name);
  if (record) return irText(record.ir, origins);
  const names = [...new Set(passes.map((pass) => pass.name))];
  throw new CommandError(`ir: there is no pass ${name}; the passes are ${names.join(", ")}`);
}

/** The text of whatever a pass makes, told apart by its fields. */
function irText(ir: unknown, origins: boolean): string {
  if (Array.isArray(ir)) {
    // What `lower` gives are kernels with what they need of the graph.
    return ir
      .map((item: Kernel | { readonly kernel: Kernel }) => printKernel("kernel" in item ? item.kernel : item))
      .join("\n\n");
  }
  if (typeof ir !== "object" || ir === null) return String(ir);
  if ("steps" in ir) return printPlan(ir as Plan);
  if ("launches" in ir) return scheduleText(ir as Schedule);
  if ("groups" in ir) return groupsText(ir as FusedGraph);
  return printGraph(ir as Graph, { origins });
}

function groupsText({ graph, groups }: FusedGraph): string {
  const names = namesOfValues(graph);
  const lines = groups.flatMap((group, i) => [`group ${i}: ${shapeText(group)}`, ...nodeLines(group, names)]);
  return [`fused ${graph.name} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

function scheduleText({ fused, launches }: Schedule): string {
  const names = namesOfValues(fused.graph);
  const lines = launches.flatMap(({ work, combine }, i) => [
    `launch ${i}`,
    ...[...work, ...combine].flatMap((group) => [
      `  ${combine.includes(group) ? "combine" : "work"}: ${shapeText(group)}`,
      ...nodeLines(group, names).map((line) => `  ${line}`),
    ]),
  ]);
  return [`schedule ${fused.graph.name} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

function shapeText(group: Group): string {
  return `${group.kind} over [${group.axes.join()}]`;
}

function nodeLines(group: Group, names: ReturnType<typeof namesOfValues>): readonly string[] {
  return group.nodes.map((node) => `  ${printNode(node, names)}`);
}

function printPasses(passes: readonly PassRecord[], json: boolean): void {
  const rows = passes.map(({ name, depth, ms, rules }) => ({
    pass: name,
    depth,
    ms: Number(ms.toFixed(3)),
    rules: Object.fromEntries(rules),
  }));
  if (json) return printJson(rows);
  const table = new Table({ ...plainTable, head: ["pass", "ms", "rules"], colAligns: ["left", "right", "left"] });
  for (const { pass, depth, ms, rules } of rows) {
    const applied = Object.entries(rules).map(([rule, count]) => (count > 1 ? `${rule}  (${count} times)` : rule));
    table.push([`${"  ".repeat(depth - 1)}${pass}`, ms.toFixed(1), applied.join("\n")]);
  }
  const total = passes.filter((pass) => pass.depth === 1).reduce((sum, pass) => sum + pass.ms, 0);
  table.push(["together", total.toFixed(1), ""]);
  console.log(table.toString());
}
