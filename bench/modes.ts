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
  readonly vectors: Vectors;
}

/** What vectorising brings, by two scripts: how many times as fast, by what is compared. */
export interface Vectors {
  /** The scalars of examples/object-network.ts. */
  readonly scalars: number;
  readonly eager: Gains;
  readonly compiled: Gains;
}
interface Gains {
  /** A training step of matrices, than of scalars. */
  readonly network: number;
  /** examples/broadcasting.ts, than JavaScript loops over every number: row by row, and as one product. */
  readonly rows: number;
  readonly layer: number;
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
  const vectors = vectorised();
  for (const { head, rows } of Object.values(tables(all, threads))) console.log(`${markdownTable(head, rows)}\n`);
  console.log(vectorsTable(vectors));
  if (json === undefined) return;
  const results: ModesResults = { ...machine(before), seconds, processes, threads, models: all, vectors };
  writeResults(json, results);
}

function vectorised(): Vectors {
  const figures = (script: string, ...more: readonly string[]) => {
    console.error([script, ...more].join(" "));
    return inCommandLine<Readonly<Record<string, number>>>("run", `examples/${script}.ts`, "--json", ...more);
  };
  const network = figures("object-network", "--set", "samples=20");
  const gains = (mode: "eager" | "compiled"): Gains => {
    const layer = figures("broadcasting", "--mode", mode);
    return {
      network: network[mode === "eager" ? "times slower eagerly" : "times slower compiled"]!,
      rows: layer["rows in a loop: times as quick as loops"]!,
      layer: layer["no loop: times as quick as loops"]!,
    };
  };
  return { scalars: network.scalars!, eager: gains("eager"), compiled: gains("compiled") };
}

/** The table that the page has. */
export function vectorsTable({ scalars, eager, compiled }: Vectors): string {
  const row = (title: string, of: keyof Gains) => [title, eager[of].toFixed(0), compiled[of].toFixed(0)];
  return markdownTable(
    ["times as fast", "eager", "compiled"],
    [
      row("a layer, 1000×784 by 784×100, as one product: than JavaScript loops over every number", "layer"),
      row("the same, a row at a time", "rows"),
      row(`a training step of a 64-30-10 network as matrices: than as ${scalars} scalar parameters`, "network"),
    ],
  );
}
