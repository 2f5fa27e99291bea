// Loads a model script. TypeScript goes through tsx, in the same process and with the same copy of the library.
import { existsSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ModelDefinition, isModelDefinition } from "../define-model.js";
import { type Experiment, isExperiment } from "../experiment.js";
import { CommandError, describe } from "./failure.js";

const scripts: readonly string[] = [".ts", ".mts", ".tsx", ".js", ".mjs"];

/**
 * The model that a script exports as default. Throws a CommandError where the file does not exist, is no script, fails to
 * load, or exports no model.
 */
export async function loadModel(script: string): Promise<ModelDefinition> {
  const loaded = await loadScript(script);
  if (isModelDefinition(loaded)) return loaded;
  throw new CommandError(`${script} is an experiment, not a model: gradloom run ${script} runs it`);
}

/** The model or the experiment that a script exports as default; throws in the same cases. */
export async function loadScript(script: string): Promise<ModelDefinition | Experiment> {
  const path = resolve(script);
  if (!existsSync(path)) throw new CommandError(`${script} does not exist`);
  const ending = extname(path);
  if (!statSync(path).isFile() || !scripts.includes(ending)) {
    throw new CommandError(`${script} is not a script: a model script ends in ${scripts.join(", ")}`);
  }
  if (ending.includes("ts")) await registerTypeScript();
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new CommandError(`${script} does not load: ${describe(error)}`, { cause: error });
  }
  if (loaded.default === undefined) {
    throw new CommandError(`${script} has no default export: end it with export default defineModel({ … })`);
  }
  const { default: found } = loaded;
  if (isModelDefinition(found) || isExperiment(found)) return found;
  throw new CommandError(`${script}: the default export is not a model: it must be what defineModel({ … }) returns`);
}

/** Lets `import` read TypeScript, where this process does not do so already. */
async function registerTypeScript(): Promise<void> {
  if (import.meta.url.endsWith(".ts")) return;
  const { register } = await import("tsx/esm/api");
  register();
}
