// The documentation is true: its programs run and print what it says, its links lead somewhere, its files exist.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { moduleOf, pages, programsOf, promisedBy, textOf, type Program } from "./programs.js";
import type { Ran } from "./run-programs.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = `${root}out/docs`;
const update = process.env.UPDATE === "1";
const programs = pages().flatMap(programsOf);
const results = new Map<Program, Ran>();

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  const files = programs.map((program, i) => {
    mkdirSync(`${folder}/${i}`, { recursive: true });
    const file = `${folder}/${i}/model.ts`;
    writeFileSync(file, moduleOf(program));
    return file;
  });
  const runner = fileURLToPath(new URL("run-programs.ts", import.meta.url));
  const args = ["--import", "tsx", "--conditions=gradloom-source", runner, ...files];
  const env = { ...process.env, NO_COLOR: "1", GRADLOOM_VERIFY: "1" };
  const json = execFileSync(process.execPath, args, { cwd: root, env, encoding: "utf8", maxBuffer: 1 << 26 });
  const plain = json.replaceAll(new RegExp(`(?:${root}|file://${root})?out/docs/\\d+/`, "g"), "");
  (JSON.parse(plain) as Ran[]).forEach((ran, i) => results.set(programs[i]!, ran));
  if (update) for (const page of pages()) writePage(page);
}, 300_000);

describe("every program in the documentation runs and prints what stands beside it", () => {
  for (const program of programs) {
    test(program.title, () => {
      const { printed, thrown } = results.get(program)!;
      const throws = program.blocks.at(-1)!.info === "ts throws";
      if (!throws) expect(thrown).toBeNull();
      else expect(thrown).not.toBeNull();
      program.blocks.forEach((_, i) => {
        const promised = promisedBy(program, i);
        if (promised !== null && !(update && program.outputs[i])) expect(printedBy(program, i)).toBe(promised);
        else if (promised === null && !throws) expect(printed[i] ?? "").toBe("");
      });
    });
  }
});

test("docs/ir.md repeats the invariants that the verifiers state", () => {
  expect(textOf("docs/ir.md")).toBe(withInvariants(textOf("docs/ir.md")));
});

describe("links and names of files lead somewhere", () => {
  for (const page of pages()) {
    test(page, () => {
      const text = textOf(page);
      const links = [...text.matchAll(/\]\(([^)#\s]*)(#[^)\s]*)?\)/g)].filter(([, to]) => !/^[a-z]+:/.test(to!));
      for (const [, to, anchor] of links) {
        const target = to === "" ? page : resolve(dirname(page), to!);
        expect.soft(existsSync(resolve(root, target)), `${page} links to ${to}`).toBe(true);
        if (anchor && target.endsWith(".md")) expect.soft(anchorsOf(textOf(target))).toContain(anchor.slice(1));
      }
      if (page === "CHANGELOG.md") return;
      const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
      const named = prose.matchAll(
        /`((?:src|ir|passes|runtime|test|docs|examples|bench|\.ci)\/[\w./-]+\.\w+|[\w-]+\/[\w-]+\.ts)`/g,
      );
      for (const [, path] of named) expect.soft(existsSync(root + path!), `${page} names ${path}`).toBe(true);
    });
  }
});

/** What a block printed; a program that is to throw counts the error as its last output. */
function printedBy(program: Program, block: number): string {
  const { printed, thrown } = results.get(program)!;
  const last = block === program.blocks.length - 1 && program.blocks[block]!.info === "ts throws";
  return [printed[block] ?? "", last ? thrown : ""].filter((part) => part !== "").join("\n");
}

function writePage(page: string): void {
  const before = textOf(page);
  let text = before;
  for (const program of programs.filter((p) => p.page === page)) {
    program.outputs.forEach((output, i) => {
      if (!output) return;
      const lines = text.split("\n");
      // Outputs written before this one may have changed the number of lines: find the fence again by its order.
      const at = outputFences(lines)[original.get(page)!.indexOf(output.line - 1)]!;
      const end = lines.indexOf("```", at + 1);
      text = [...lines.slice(0, at + 1), printedBy(program, i), ...lines.slice(end)].join("\n");
    });
  }
  text = withInvariants(text);
  if (text !== before) writeFileSync(root + page, text);
}

const outputFences = (lines: readonly string[]): number[] =>
  lines.flatMap((l, i) => (l === "```text output" ? [i] : []));
const original = new Map(pages().map((page) => [page, outputFences(textOf(page).split("\n"))]));

/** The page with what stands between its marks taken anew from the heads of the verifiers. */
function withInvariants(text: string): string {
  return text.replaceAll(
    /(<!-- invariants: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, file: string, close: string) => {
      const head = /^(?:\/\/.*\n)+/.exec(textOf(file))![0].replaceAll(/^\/\/ ?/gm, "");
      const list = head
        .slice(head.search(/^ *1\. /m))
        .replaceAll(/^ +/gm, (space) => " ".repeat(Math.max(0, space.length - 1)));
      return `${open}\n${list.trim().replaceAll(/^ *(\d+\. )/gm, "$1")}\n\n${close}`;
    },
  );
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}
