// Checkpoints as files: names, what is in them, the latest of a folder.
import { DataError } from "#ir/errors.js";
import { readBytes } from "../files/read-file.js";
import { parseSafetensors, safetensorsBytes } from "../files/safetensors.js";
import { writeWhole } from "../files/write-whole.js";
import type { State } from "../nn/state.js";
import { checkpointFormat } from "../weights.js";
import type { Run, RunFacts } from "./run.js";

/** The form of the facts; raised when a later version could not go on from them. */
const version = "1";
const pattern = /^checkpoint-(\d+)\.safetensors$/;
const leftover = /^checkpoint-\d+\.safetensors\.\d+\.tmp$/;

/** The files of a folder by their number of steps, the earliest first. Empty where there is no folder. */
export async function checkpointsIn(folder: string): Promise<readonly string[]> {
  const { join } = await import("node:path");
  const stepsOf = (name: string): number => Number(pattern.exec(name)![1]);
  const names = (await namesIn(folder)).filter((name) => pattern.test(name));
  return names.sort((a, b) => stepsOf(a) - stepsOf(b)).map((name) => join(folder, name));
}

/** Writes a checkpoint of a run, whole or not at all. */
export async function writeCheckpoint(folder: string, run: Run): Promise<string> {
  const { join } = await import("node:path");
  const { tensors, facts } = run.snapshot();
  const file = join(folder, `checkpoint-${String(run.losses.length).padStart(9, "0")}.safetensors`);
  await writeWhole(file, safetensorsBytes(tensors, { format: checkpointFormat, version, run: toText(facts) }));
  return file;
}

/** Reads a checkpoint. Throws a DataError that names the file where it is damaged, or none. */
export async function readCheckpoint(file: string): Promise<{ readonly tensors: State; readonly facts: RunFacts }> {
  const { tensors, metadata } = parseSafetensors(await readBytes("checkpoint", file), file);
  if (metadata.format !== checkpointFormat)
    throw new DataError(`checkpoint: ${file} holds tensors, but is no checkpoint`);
  if (metadata.version !== version)
    throw new DataError(`checkpoint: ${file} has version ${metadata.version}; this library reads ${version}`);
  return { tensors, facts: fromText(metadata.run ?? "null") };
}

/** Removes a file, and what an interrupted writing may have left. */
export async function removeOld(folder: string, keep: number): Promise<void> {
  const { rm } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const files = await checkpointsIn(folder);
  for (const file of files.slice(0, Math.max(0, files.length - keep))) await rm(file, { force: true });
  for (const name of await namesIn(folder)) if (leftover.test(name)) await rm(join(folder, name), { force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const { readdir } = await import("node:fs/promises");
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new DataError(`checkpoints: ${folder} ${code === "ENOTDIR" ? "is no folder" : `cannot be read: ${code}`}`);
  }
}

// JSON has no NaN and no infinities, which figures may be.
function toText(facts: RunFacts): string {
  return JSON.stringify(facts, (_, x: unknown) =>
    typeof x === "number" && !Number.isFinite(x) ? { number: `${x}` } : x,
  );
}

function fromText(text: string): RunFacts {
  return JSON.parse(text, (_, x: unknown) =>
    typeof x === "object" && x !== null && "number" in x ? Number((x as { readonly number: string }).number) : x,
  ) as RunFacts;
}
