// What `import "gradloom"` loads, found by following the static imports from src/index.ts.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const statement = /^(?:import|export)\s(?!type\b)[^"';]*?from\s+"([^"]+)";|^import\s+"([^"]+)";/gm;

/** The packages and the files that a module needs at once. */
function loadedBy(entry: string): { packages: Set<string>; files: Set<string> } {
  const [packages, files, left] = [new Set<string>(), new Set<string>(), [join(root, entry)]];
  for (let file = left.pop(); file; file = left.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, named, bare] of readFileSync(file, "utf8").matchAll(statement)) {
      const target = (named ?? bare)!;
      if (target.startsWith("#")) left.push(join(root, target.slice(1).replace(/\.js$/, ".ts")));
      else if (target.startsWith(".")) left.push(join(dirname(file), target.replace(/\.js$/, ".ts")));
      else packages.add(target);
    }
  }
  return { packages, files };
}

test("the library loads no package", () => {
  const { packages, files } = loadedBy("src/index.ts");
  expect(files.size).toBeGreaterThan(100);
  expect([...files].filter((file) => !existsSync(file))).toEqual([]);
  expect([...packages].filter((name) => !name.startsWith("node:"))).toEqual([]);
});

test("the library loads neither the command line nor the pictures", () => {
  const files = [...loadedBy("src/index.ts").files];
  expect(files.filter((file) => /src\/(cli|pictures)\//.test(file))).toEqual([]);
});
