// `npm run bench -- modes`: both modes of the notes' models, and what vectorising brings, for docs/static-dynamic.md.
import { fileURLToPath } from "node:url";
import { type Measured, models, tables } from "../examples/static-dynamic.js";
import { build, inChild, inCommandLine } from "./child.js";
import { loadNow, machine, type Machine, writeResults } from "./machine.js";
import { markdownTable } from "./sections.js";

export interface ModesOptions {
  /** How long to go on in each process. */
  readonly seconds: number;
  /** How many of either kind. */
  readonly processes: number;
  readonly json?: string;
}

/** What `--json` writes. */
export interface ModesResults extends Machine {
  readonly seconds: number;
  readonly processes: number;
  readonly threads: number;
  readonly models: readonly Measured[];
  /** What examples/object-network.ts and examples/broadcasting.ts found, compiled and, of the latter, eagerly. */
  readonly vectors: {
    readonly objects: Readonly<Record<string, number>>;
    readonly layer: Readonly<Record<"compiled" | "eager", Readonly<Record<string, number>>>>;
  };
}

const threads = 2;

/** Measures, prints tables, and writes the file. */
export function benchModes({ seconds, processes, json }: ModesOptions): void {
  const before = loadNow();
  console.error("translating gradloom…");
  build();
  const all = Object.keys(models).map((name): Measured => {
    console.error(`${name}: ${processes} times eagerly, compiled, and with ${threads} threads`);
    const script = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
    const found = inChild<Measured>("modes-child", script, String(seconds), String(processes), String(threads));
    return { ...found, script: name };
  });
  const figures = (script: string, ...more: readonly string[]) => {
    console.error([script, ...more].join(" "));
    return inCommandLine<Readonly<Record<string, number>>>("run", `examples/${script}.ts`, "--json", ...more);
  };
  const layer = (mode: string) => figures("broadcasting", "--mode", mode);
  const objects = figures("object-network", "--set", "samples=20");
  const vectors = { objects, layer: { compiled: layer("compiled"), eager: layer("eager") } };
  for (const { head, rows } of Object.values(tables(all, threads))) console.log(`${markdownTable(head, rows)}\n`);
  console.log(JSON.stringify(vectors, null, 2));
  if (json !== undefined)
    writeResults(json, { ...machine(before), seconds, processes, threads, models: all, vectors } as ModesResults);
}
