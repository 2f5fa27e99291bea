// `gradloom gallery`: one page of what scripts tell, whether they end well or not.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { gradloom } from "./run-cli.js";

test("a page with a section for each script, and code 1 where one fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gallery-"));
  try {
    const scripts = ["test/cli/fixtures/tells.ts", "test/cli/fixtures/throws.ts"];
    const { code, out, err } = await gradloom("gallery", ...scripts, "--out", folder);
    expect(code).toBe(1);
    expect(out).toContain("2 of 2: test/cli/fixtures/throws.ts … failed");
    expect(err).toContain("gallery: 1 of 2 failed: test/cli/fixtures/throws.ts");
    const { document } = parseHTML(await readFile(join(folder, "index.html"), "utf8"));
    const [told, failed] = [...document.querySelectorAll("section")];
    expect(told!.querySelector("pre")!.textContent).toBe("<b>1 & 2</b>\nsecond line");
    expect([...told!.querySelectorAll("td")].map((td) => td.textContent)).toEqual(["a", "1", "answer", "42"]);
    expect(told!.querySelector("td.right")!.textContent).toBe("1");
    expect(failed!.textContent).toContain("TypeError: no such layer");
    const picture = await readFile(join(folder, told!.querySelector("img")!.getAttribute("src")!), "utf8");
    expect(picture).toBe("<svg xmlns='http://www.w3.org/2000/svg'/>");
  } finally {
    await rm(folder, { recursive: true });
  }
});
