// `gradloom gallery`: runs scripts, one after the other in fresh processes, and writes one page of what they tell.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { timeText } from "../amounts.js";
import { writeWhole } from "../files/write-whole.js";
import { CommandError } from "./failure.js";
import type { ScriptStory } from "./script-report.js";

interface GalleryOptions {
  readonly out: string;
  readonly data?: string;
}

/** A script's story, or how it failed. */
export interface Shown {
  readonly script: string;
  /** The folder of its files, relative to the page. */
  readonly folder: string;
  readonly story: ScriptStory | null;
  /** What it printed, where it failed. */
  readonly complaint: string;
}

/** Adds the command. */
export function galleryCommand(program: Command): void {
  program
    .command("gallery <scripts...>")
    .description("Runs scripts in full, one after the other, and writes one HTML page with their results and pictures.")
    .option("--out <folder>", "where to write index.html and a folder for each script", "out/gallery")
    .option("--data <folder>", "four IDX files to use in place of MNIST's, for the scripts that read them")
    .addHelpText(
      "after",
      `
A folder stands for all scripts in it. A script that fails is shown as such; the others run, and the command ends with
code 1.

Examples:
  gradloom gallery examples/
  gradloom gallery examples/xor.ts examples/mnist-mlp.ts --out out/two`,
    )
    .action(gallery);
}

async function gallery(given: readonly string[], { out, data }: GalleryOptions): Promise<void> {
  const scripts = given.flatMap(scriptsIn);
  const shown: Shown[] = [];
  const { galleryPage } = await import("./gallery-page.js");
  const page = join(out, "index.html");
  for (const [i, script] of scripts.entries()) {
    const start = performance.now();
    process.stdout.write(`${i + 1} of ${scripts.length}: ${script} … `);
    const one = await run(script, out, data);
    console.log(one.story ? timeText(performance.now() - start) : "failed");
    if (!one.story) console.error(one.complaint.trimEnd().replaceAll(/^/gm, "  "));
    shown.push(one);
    await writeWhole(page, galleryPage(shown));
  }
  console.log(`wrote ${page}`);
  const failed = shown.filter(({ story }) => !story).map(({ script }) => script);
  if (failed.length > 0)
    throw new CommandError(`gallery: ${failed.length} of ${scripts.length} failed: ${failed.join(", ")}`);
}

const endings = [".ts", ".mts", ".js", ".mjs"];

/** The scripts that a path stands for. Throws a CommandError where it does not exist. */
function scriptsIn(path: string): readonly string[] {
  if (!existsSync(path)) throw new CommandError(`gallery: ${path} does not exist`);
  if (!statSync(path).isDirectory()) return [path];
  const found = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.includes(extname(entry.name)) && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(path, entry.name));
  if (found.length === 0) throw new CommandError(`gallery: there is no script in ${path}`);
  return found.toSorted();
}

function run(script: string, out: string, data: string | undefined): Promise<Shown> {
  const folder = basename(script, extname(script));
  const args = ["run", script, "--out", join(out, folder), ...(data === undefined ? [] : ["--data", data])];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stdout.resume();
    child.stderr.on("data", (text: Buffer) => (complaint = (complaint + text.toString()).slice(-10_000)));
    child.on("error", reject);
    child.on("close", (code) => {
      const story = code === 0 ? storyIn(join(out, folder, "report.json")) : null;
      resolve({ script, folder, story, complaint });
    });
  });
}

function storyIn(file: string): ScriptStory {
  return JSON.parse(readFileSync(file, "utf8")) as ScriptStory;
}
