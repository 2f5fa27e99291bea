// The shape of the house: src → passes, runtime → ir, small files, plain names. Read from the import statements.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each storey may import from. */
const storeys: Readonly<Record<string, readonly string[]>> = {
  ir: ["ir"],
  passes: ["passes", "ir"],
  runtime: ["runtime", "ir"],
  src: ["src", "passes", "runtime", "ir"],
};

/** All TypeScript files under the folders, as paths from the root. */
function filesIn(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.startsWith("node_modules"))
      .map((path) => join(folder, path)),
  );
}

/** The modules that a text imports: statically, for effect, dynamically, or as a type. */
function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
}

/** The top-level folder that an import in `file` leads to; null for packages and Node's own modules. */
function folderOf(specifier: string, file: string): string | null {
  if (specifier.startsWith("#")) return specifier.slice(1).split("/")[0]!;
  if (specifier.startsWith(".")) return relative(root, join(root, dirname(file), specifier)).split("/")[0]!;
  return null;
}

describe("imports", () => {
  test("are found in all their forms", () => {
    const text = [
      'import { a } from "#ir/a.js";',
      'import type { B } from "./b.js";',
      'export * from "../c.js";',
      'import "d";',
      'const e = await import("node:e");',
      'let f: import("#runtime/f.js").F;',
      'import {\n  g,\n} from "#src/g.js";',
      '// import "not-this";',
    ];
    expect(importsOf(text.join("\n"))).toEqual([
      "#ir/a.js",
      "./b.js",
      "../c.js",
      "d",
      "node:e",
      "#runtime/f.js",
      "#src/g.js",
    ]);
    expect(folderOf("#passes/pass.js", "src/compile.ts")).toBe("passes");
    expect(folderOf("../runtime/device.js", "src/compile.ts")).toBe("runtime");
    expect(folderOf("./dtype.js", "ir/type.ts")).toBe("ir");
    expect(folderOf("ts-pattern", "ir/type.ts")).toBeNull();
  });

  test.each(Object.entries(storeys))("%s imports from %j only", (storey, allowed) => {
    const wrong = filesIn(storey).flatMap((file) =>
      importsOf(readFileSync(join(root, file), "utf8"))
        .filter((specifier) => !allowed.includes(folderOf(specifier, file) ?? storey))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no storey reaches another by a relative path", () => {
    const wrong = filesIn(...Object.keys(storeys)).flatMap((file) =>
      importsOf(readFileSync(join(root, file), "utf8"))
        .filter((specifier) => specifier.startsWith(".") && folderOf(specifier, file) !== file.split("/")[0])
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("runtime needs no package", () => {
    const wrong = filesIn("runtime").flatMap((file) =>
      importsOf(readFileSync(join(root, file), "utf8"))
        .filter((specifier) => /^[^#.]/.test(specifier) && !specifier.startsWith("node:"))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("files", () => {
  const files = filesIn("ir", "passes", "runtime", "src", "test", "bench", "docs", "examples");

  test("none is longer than 300 lines", () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
  test("names are kebab-case and say what is inside", () => {
    const names = files.map((file) =>
      file.split("/").flatMap((part) => part.replace(/(\.test|\.test-d|\.d)?\.ts$/, "")),
    );
    const wrong = names.flat().filter((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part));
    expect(wrong).toEqual([]);
    const vague = names.filter((parts) => /^(utils?|helpers?|common|misc|.*manager)$/.test(parts.at(-1)!));
    expect(vague).toEqual([]);
  });
});
