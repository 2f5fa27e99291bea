// measureScript: one mode of a model script, timed in a fresh process, so that nothing is warm that a user's first step finds cold.
import { DataError, RunError } from "#ir/errors.js";
import type { Mode } from "../mode.js";
import { mistake, requireCount, requireKnown, requirePositive } from "../optim/check.js";
import type { MeasureOptions, Measurement } from "./measure.js";

/**
 * Trains the model that a script exports as default, in a process of its own, and times every step. Only in Node.js. Throws a
 * GraphError for options that say nothing, a DataError where there is no such file, a RunError with what the process complained of
 * where it fails.
 */
export async function measureScript(script: string, mode: Mode, options: MeasureOptions = {}): Promise<Measurement> {
  requireExtent(mode, options);
  const { fork } = await import("node:child_process");
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  if (!existsSync(script)) throw new DataError(`measureScript: ${script} does not exist`);
  const extent = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)])); // prettier-ignore
  // In a clone the library is TypeScript, and so is its command line; in the package both lie in one folder.
  const here = import.meta.url as string | undefined;
  const isSource = here?.endsWith(".ts") ?? false;
  const flags = isSource ? { execArgv: ["--conditions=gradloom-source", "--import", "tsx"] } : {};
  const commands = here === undefined ? null : fileURLToPath(new URL(isSource ? "../cli/main.ts" : "cli.js", here));
  if (commands === null || !existsSync(commands)) {
    const help = "leave gradloom out of the bundle, as with esbuild --external:gradloom";
    throw new RunError("measureScript: gradloom's command line does not lie beside it", { help });
  }
  // What the script prints would stand in the middle of what its caller says.
  const child = fork(commands, ["measure", script, mode, ...extent], { ...flags, stdio: ["ignore", "ignore", "pipe", "ipc"] }); // prettier-ignore
  return new Promise((resolve, reject) => {
    let [complaint, result]: [string, Measurement | null] = ["", null];
    child.stderr!.on("data", (text: Buffer) => (complaint += text.toString()));
    child.on("message", (message) => (result = message as Measurement));
    child.on("error", reject);
    child.on("close", (code) => {
      if (result && code === 0) return resolve(result);
      const lines = complaint.trimEnd().split("\n");
      reject(new RunError(`the ${mode} process of ${script} ended with code ${code}`, { lines }));
    });
  });
}

function requireExtent(mode: Mode, options: MeasureOptions): void {
  const who = "measureScript";
  if (mode !== "compiled" && mode !== "eager")
    throw mistake(`${who}: there is no mode "${String(mode)}", only compiled and eager`);
  requireKnown(who, options, ["steps", "seconds", "threads", "seed", "data"]);
  if (options.steps !== undefined) requireCount(who, "steps", options.steps);
  if (options.seconds !== undefined) requirePositive(who, "seconds", options.seconds);
}
