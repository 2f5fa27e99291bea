// `gradloom run`: trains a model, with a progress bar, and prints its figures; on request with the comparison of both
// modes, a picture of the graph and the curve of the loss.
import { type Command, Option } from "commander";
import { join } from "node:path";
import { timeText, withCommas } from "../amounts.js";
import { compareScript, printComparison } from "./compare.js";
import { CommandError } from "./failure.js";
import { isModelDefinition, type ModelDefinition } from "../define-model.js";
import { loadScript } from "./load-model.js";
import type { Mode } from "../mode.js";
import { GivenFolder } from "./given-folder.js";
import { runExperiment } from "./run-experiment.js";
import { figureText, ScriptReport } from "./script-report.js";
import { stagesOfModel } from "./model-stages.js";
import { integer, printJson, withSeed } from "./options.js";
import { lines } from "../plots/lines.js";
import type { Picture } from "../report.js";
import { train, type Training } from "./train.js";

interface RunOptions {
  readonly mode: Mode;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly set?: readonly string[];
  readonly data?: string;
  readonly tune?: boolean;
  readonly checkpoint?: string;
  readonly every?: number;
  readonly resume?: boolean;
  readonly compare?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function runCommand(program: Command): void {
  const command = program
    .command("run <script>")
    .description("Trains the model and prints its final figures.")
    .addOption(new Option("--mode <mode>", "how to compute").choices(["compiled", "eager"]).default("compiled"))
    .option("--epochs <n>", "how often to go through the data; the script's own where nothing is said", integer(1))
    .option("--steps <n>", "stop after so many steps", integer(1))
    .option("--set <name=value>", "a setting of an experiment; any number of times", repeated)
    .option("--data <folder>", "four IDX files to use in place of MNIST's, for scripts that read them")
    .option("--tune", "measure how each contraction is computed fastest on this machine, and remember it")
    .option(
      "--checkpoint <folder>",
      "save the whole state of the training there, in files that appear whole or not at all",
    )
    .option("--every <n>", "epochs between checkpoints; 1 where nothing is said", integer(1))
    .option("--resume", "go on from the latest checkpoint, if there is one")
    .option("--compare", "compare with eager execution at the end, in fresh processes")
    .option("--out <folder>", "write pictures there: graph.svg, loss.svg, those of the script; and report.json")
    .option("--json", "print the final figures as JSON, and nothing else")
    .addHelpText(
      "after",
      `
Examples:
  gradloom run examples/xor.ts
  gradloom run examples/mnist-mlp.ts --epochs 3 --seed 7
  gradloom run examples/mnist-mlp.ts --compare --out out/mnist-mlp
  gradloom run examples/mnist-mlp.ts --checkpoint out/saved --every 2 --resume
  gradloom run examples/xor.ts --mode eager --steps 100 --json`,
    );
  withSeed(command).action(run);
}

const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

async function run(script: string, options: RunOptions): Promise<void> {
  for (const flag of ["every", "resume"] as const) {
    if (options[flag] !== undefined && options.checkpoint === undefined)
      throw new CommandError(`run: --${flag} is about checkpoints: say where they are with --checkpoint <folder>`);
  }
  const definition = await loadScript(script);
  if (!isModelDefinition(definition)) return runExperiment(script, definition, options);
  const quiet = options.json ?? false;
  if (!quiet) console.log(definition.doc ? `${definition.name}: ${definition.doc}` : definition.name);
  const [report, from] = [new ScriptReport(quiet), new GivenFolder(options.data)];
  const training = await train(definition, { ...options, log: !quiet, from, report });
  await report.settled();
  from.tellWhetherRead(script);
  if (training.history.steps === 0) throw new CommandError(`run: the data of ${script} have no batch`);
  if (quiet) printJson(figuresOf(definition, training, options.mode));
  else await tellTraining(definition, training, options.mode, report);
  if (options.compare && !quiet) {
    console.log(`\nBoth modes from the same weights, each in a fresh process:`);
    const { seed, data } = options;
    printComparison(await compareScript(script, { seed, data }));
  }
  if (options.out === undefined) return;
  if (quiet) await tellTraining(definition, training, options.mode, report);
  const { name, doc = "" } = definition;
  const { seconds } = training.history;
  const told = await report.write(options.out, { script, name, doc, mode: options.mode, seconds });
  for (const file of [await writeGraph(definition, options.out), ...told]) if (!quiet) console.log(`wrote ${file}`);
}

function figuresOf(definition: ModelDefinition, training: Training, mode: Mode) {
  const { history, figures } = training;
  const { losses, epochLosses, seconds, items } = history;
  return {
    model: definition.name,
    mode,
    steps: losses.length,
    seconds,
    itemsPerSecond: items / seconds,
    firstLoss: losses[0],
    loss: losses.at(-1),
    ...(epochLosses.length < losses.length ? { epochLosses } : {}),
    ...figures,
  };
}

async function tellTraining(
  { name }: ModelDefinition,
  { history, figures }: Training,
  mode: Mode,
  report: ScriptReport,
): Promise<void> {
  const { losses, seconds, items } = history;
  if (losses.length > 1) await report.picture("loss", lossPicture(name, losses));
  const perSecond = (count: number) => withCommas(Math.round(count / seconds));
  report.list([
    ["steps", `${withCommas(losses.length)}, ${mode}`],
    ["time", timeText(seconds * 1000)],
    ["a second", `${perSecond(items)} items, ${perSecond(losses.length)} steps`],
    ["last loss", losses.at(-1)!.toPrecision(6)],
    ...Object.entries(figures).flatMap(([key, value]) =>
      typeof value === "number" ? [[key, figureText(value)] as const] : [],
    ),
  ]);
  for (const [key, value] of Object.entries(figures)) {
    if (typeof value === "number") report.figures({ [key]: value });
    else report.line(`\n${key}:\n${value}`);
  }
}

async function writeGraph(definition: ModelDefinition, folder: string): Promise<string> {
  const stages = await stagesOfModel(definition, undefined);
  const { stagePicture } = await import("../pictures/stage-picture.js");
  const { writePicture } = await import("../pictures/render.js");
  const file = join(folder, "graph.svg");
  const { picture, layout } = stagePicture(stages, "scheduled");
  await writePicture(picture, file, layout);
  return file;
}

/** The loss of every step, and its mean over some of them: the noise of small batches hides the curve. */
async function lossPicture(title: string, losses: Float64Array): Promise<Picture> {
  const width = Math.max(1, Math.ceil(losses.length / 120));
  const starts = Array.from({ length: Math.ceil(losses.length / width) }, (_, i) => i * width);
  const groups = starts.map((from) => losses.slice(from, from + width));
  const mean = {
    name: width > 1 ? `mean of ${width} steps` : "loss",
    x: groups.map((group, i) => starts[i]! + (group.length + 1) / 2),
    y: groups.map((group) => group.reduce((sum, x) => sum + x) / group.length),
  };
  const options = { title, x: "step", y: "loss", zero: true };
  const { svg } = await lines(width > 1 ? [{ name: "every step", y: losses }, mean] : [mean], options);
  return { svg, text: (await lines([mean], options)).text };
}
