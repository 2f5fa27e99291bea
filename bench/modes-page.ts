// docs/static-dynamic.md: its numbers and its chart, from docs/static-dynamic.json.
import { readFileSync } from "node:fs";
import { picture, tables } from "../examples/static-dynamic.js";
import { machineText } from "./machine.js";
import { type ModesResults, vectorsTable } from "./modes.js";
import { docsFile, type Illustrated, markdownTable, withSections } from "./sections.js";

/** The page and the chart as they should be. */
export async function modesPage(): Promise<Illustrated> {
  const results = JSON.parse(readFileSync(docsFile("static-dynamic.json"), "utf8")) as ModesResults;
  const { time, memory, breakEven } = tables(results.models, results.threads);
  const sections = {
    time: [machineText(results), "", markdownTable(time.head, time.rows)].join("\n"),
    memory: markdownTable(memory.head, memory.rows),
    "break-even": markdownTable(breakEven.head, breakEven.rows),
    vectors: vectorsTable(results.vectors),
  };
  const { svg } = await picture(results.models);
  return {
    page: withSections("static-dynamic.md", sections),
    chart: { path: docsFile("images/static-dynamic.svg"), text: svg },
  };
}
