// `gradloom dot`: a stage of a model's training step as a picture.
import { type Command, Option } from "commander";
import { extname } from "node:path";
import type { SizeBinding } from "#ir/size.js";
import { type StageName, stageNames } from "../pictures/stages.js";
import { CommandError } from "./failure.js";
import { loadModel } from "./load-model.js";
import { stagesOfModel } from "./model-stages.js";
import { withSizes } from "./options.js";

interface DotOptions {
  readonly output?: string;
  readonly stage: StageName;
  readonly size?: SizeBinding;
}

/** Adds the command. */
export function dotCommand(program: Command): void {
  const command = program
    .command("dot <script>")
    .description("Draws the graph of a training step.")
    .option("-o, --output <file>", "a .dot, .svg or .png file; DOT text is printed where nothing is said")
    .addOption(new Option("--stage <stage>", "what to draw").choices(stageNames).default("built"))
    .addHelpText(
      "after",
      `
Stages:
  built      what the script declares         gradient   with gradients and updates
  optimized  after the graph passes           fused      nodes that are computed together
  scheduled  launches, in order               buffers    the memory map: launches × bytes

Examples:
  gradloom dot examples/xor.ts -o xor.svg
  gradloom dot examples/mnist-mlp.ts -o out/launches.png --stage scheduled --size batch=32
  gradloom dot examples/xor.ts --stage gradient | dot -Tpdf > xor.pdf`,
    );
  withSizes(command).action(dot);
}

async function dot(script: string, options: DotOptions): Promise<void> {
  const { output, stage } = options;
  const { dotText, endings, writePicture } = await import("../pictures/render.js");
  if (output !== undefined && !endings.some((ending) => extname(output).toLowerCase() === ending)) {
    throw new CommandError(`dot: ${output} must end in ${endings.join(", ")}`);
  }
  const stages = await stagesOfModel(await loadModel(script), options.size);
  const { stagePicture } = await import("../pictures/stage-picture.js");
  const { picture, layout } = stagePicture(stages, stage);
  if (output === undefined) process.stdout.write(await dotText(picture));
  else {
    await writePicture(picture, output, layout);
    console.log(`wrote ${output}`);
  }
}
