// `gradloom run` on an experiment: its settings from the command line, its report on the terminal and in a folder.
import type { Experiment, Settings } from "../experiment.js";
import type { Mode } from "../mode.js";
import { timeText } from "../amounts.js";
import { CommandError } from "./failure.js";
import { GivenFolder } from "./given-folder.js";
import { printJson } from "./options.js";
import { figureText, ScriptReport } from "./script-report.js";

/** What of the command line concerns experiments. */
export interface ExperimentRequest {
  readonly mode: Mode;
  /** `name=value`, as they were written. */
  readonly set?: readonly string[];
  readonly seed?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Runs it and prints what it tells. Throws a CommandError for settings that it does not have. */
export async function runExperiment(script: string, experiment: Experiment, request: ExperimentRequest): Promise<void> {
  const { name, doc = "" } = experiment;
  const { mode, out, json = false } = request;
  const report = new ScriptReport(json);
  const settings = settingsFrom(script, experiment, request);
  if (!json) console.log(doc ? `${name}: ${doc}\n` : `${name}\n`);
  const from = new GivenFolder(request.data);
  const start = performance.now();
  await experiment.run({ settings, mode, report, from });
  await report.settled();
  from.tellWhetherRead(script);
  const seconds = (performance.now() - start) / 1000;
  if (json) printJson({ experiment: name, mode, seconds, ...report.found });
  else {
    report.list(Object.entries(report.found).map(([key, value]) => [key, figureText(value)]));
    console.log(`${timeText(seconds * 1000)}, ${mode}`);
  }
  if (out === undefined) return;
  for (const file of await report.write(out, { script, name, doc, mode, seconds })) {
    if (!json) console.log(`wrote ${file}`);
  }
}

function settingsFrom(
  script: string,
  { settings: own }: Experiment,
  { set = [], seed, epochs, steps }: ExperimentRequest,
): Settings {
  const found: Record<string, number | string | boolean> = {};
  for (const [key, value] of Object.entries({ seed, epochs, steps })) {
    if (value === undefined) continue;
    if (own[key] === undefined) throw new CommandError(`run: ${script} has no setting ${key}: ${listed(own)}`);
    found[key] = value;
  }
  for (const text of set) {
    const at = text.indexOf("=");
    const [key, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    if (at <= 0) throw new CommandError(`run: --set ${text}: write it as name=value, such as --set steps=100`);
    const known = own[key];
    if (known === undefined) throw new CommandError(`run: ${script} has no setting ${key}: ${listed(own)}`);
    found[key] = valueLike(known, value, `run: --set ${text}`);
  }
  return found;
}

function listed(own: Settings): string {
  const all = Object.entries(own).map(([key, value]) => `${key}=${String(value)}`);
  return all.length > 0 ? `its settings are ${all.join(", ")}` : "it has none";
}

function valueLike(known: number | string | boolean, text: string, who: string): number | string | boolean {
  if (typeof known === "string") return text;
  if (typeof known === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw new CommandError(`${who}: it must be true or false`);
  }
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new CommandError(`${who}: it must be a number`);
}
