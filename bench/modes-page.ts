// docs/static-dynamic.md: its numbers and its chart, from docs/static-dynamic.json.
import { readFileSync } from "node:fs";
import { picture, tables } from "../examples/static-dynamic.js";
import { machineText } from "./machine.js";
import type { ModesResults } from "./modes.js";
import { docsFile, type Illustrated, markdownTable, withSections } from "./sections.js";

/** The page and the chart as they should be. */
export async function modesPage(): Promise<Illustrated> {
  const results = JSON.parse(readFileSync(docsFile("static-dynamic.json"), "utf8")) as ModesResults;
  const { time, memory, breakEven } = tables(results.models, results.threads);
  const sections = {
    time: [machineText(results), "", markdownTable(time.head, time.rows)].join("\n"),
    memory: markdownTable(memory.head, memory.rows),
    "break-even": markdownTable(breakEven.head, breakEven.rows),
    vectors: vectorsText(results),
  };
  const { svg } = await picture(results.models);
  return {
    page: withSections("static-dynamic.md", sections),
    chart: { path: docsFile("images/static-dynamic.svg"), text: svg },
  };
}

/** What the two scripts found. */
function vectorsText({ vectors: { objects, layer } }: ModesResults): string {
  const times = (mode: "compiled" | "eager", form: string) =>
    layer[mode][`${form}: times as quick as loops`]!.toFixed(0);
  const slower = (mode: string) => objects[`times slower ${mode}`]!.toFixed(0);
  return markdownTable(
    ["times as fast", "eager", "compiled"],
    [
      ["a layer, 1000×784 by 784×100, as one product: than JavaScript loops over every number", times("eager", "no loop"), times("compiled", "no loop")], // prettier-ignore
      ["the same, a row at a time", times("eager", "rows in a loop"), times("compiled", "rows in a loop")],
      [`a 64-30-10 network, a training step, as matrices: than as ${objects.scalars} scalar parameters`, slower("eagerly"), slower("compiled")], // prettier-ignore
    ],
  );
}
