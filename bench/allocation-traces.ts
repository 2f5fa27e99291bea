// Reads the allocation traces of real networks: MODEL, ALIGN, then a line per ALLOC or FREE, each of which is a step.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LiveRange } from "../passes/pack-memory.js";

/** One network's buffers and what the traces' authors reached. */
export interface AllocationTrace {
  readonly name: string;
  /** Bytes. */
  readonly alignment: number;
  readonly ranges: readonly LiveRange[];
  /** Bytes that the authors' allocator needed, and the most that is alive at once as a part of them. */
  readonly theirBytes: number;
  readonly theirEfficiency: number;
}

/** Where the traces lie: beside the repository, not in it. */
export const tracesPath = fileURLToPath(new URL("../../shared/data/allocation-traces.txt", import.meta.url));

/** The traces, or null where the file is absent. */
export function readAllocationTraces(): readonly AllocationTrace[] | null {
  if (!existsSync(tracesPath)) return null;
  const models = readFileSync(tracesPath, "utf8")
    .split(/^MODEL /m)
    .slice(1);
  return models.map(parseModel);
}

function parseModel(text: string): AllocationTrace {
  const [name, ...lines] = text.trim().split("\n");
  const ranges: { size: number; from: number; to: number }[] = [];
  const open = new Map<string, { to: number }>();
  const figures = new Map<string, number>();
  let step = 0;
  for (const line of lines) {
    const [word, first, second] = line.split(/\s+/);
    if (word === "ALLOC") {
      const range = { size: Number(second), from: step++, to: Infinity };
      ranges.push(range);
      open.set(first!, range);
    } else if (word === "FREE") {
      open.get(first!)!.to = step++ - 1;
    } else {
      figures.set(word!, Number(first));
    }
  }
  const figure = (word: string): number => figures.get(word) ?? Number.NaN;
  return {
    name: name!,
    alignment: figure("ALIGN"),
    ranges,
    theirBytes: figure("MEM"),
    theirEfficiency: figure("EFF"),
  };
}
