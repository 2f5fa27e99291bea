// docs/ops.md is what the op table says.
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { opsPage } from "../../docs/generate-ops.js";

test("docs/ops.md is up to date: npm run docs:ops writes it", async () => {
  const path = new URL("../../docs/ops.md", import.meta.url);
  const page = await opsPage();
  if (process.env.UPDATE === "1") writeFileSync(path, page);
  expect(readFileSync(path, "utf8")).toBe(page);
});
