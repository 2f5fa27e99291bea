// What the command line says when something is wrong: one message, exit code 1, a stack trace only with --debug.
import { describe, expect, test } from "vitest";
import { gradloom } from "./run-cli.js";

const fixture = (name: string) => `test/cli/fixtures/${name}.ts`;

describe.concurrent("mistakes", () => {
  test.concurrent.each([
    ["a missing file", ["run", "nowhere.ts"], "gradloom: nowhere.ts does not exist\n"],
    ["a file that is no script", ["run", "package.json"], "gradloom: package.json is not a script: a model script ends in .ts, .mts, .tsx, .js, .mjs\n"], // prettier-ignore
    ["a script without default export", ["summary", fixture("no-default")], "gradloom: test/cli/fixtures/no-default.ts has no default export: end it with export default defineModel({ … })\n"], // prettier-ignore
    ["a default export that is no model", ["summary", fixture("not-a-model")], "gradloom: test/cli/fixtures/not-a-model.ts: the default export is not a model: it must be what defineModel({ … }) returns\n"], // prettier-ignore
    ["a script that throws", ["run", fixture("throws")], "gradloom: test/cli/fixtures/throws.ts does not load: TypeError: no such layer\n  at test/cli/fixtures/throws.ts:2:7\n"], // prettier-ignore
    ["a setting that an experiment does not have", ["run", "examples/perceptron.ts", "--set", "turns=2"], "gradloom: run: examples/perceptron.ts has no setting turns: its settings are rounds=10\n"], // prettier-ignore
    ["a setting of another kind", ["run", "examples/perceptron.ts", "--set", "rounds=ten"], "gradloom: run: --set rounds=ten: it must be a number\n"], // prettier-ignore
    ["a setting without a value", ["run", "examples/perceptron.ts", "--set", "rounds"], "gradloom: run: --set rounds: write it as name=value, such as --set steps=100\n"], // prettier-ignore
    ["epochs of an experiment without", ["run", "examples/perceptron.ts", "--epochs", "3"], "gradloom: run: examples/perceptron.ts has no setting epochs: its settings are rounds=10\n"], // prettier-ignore
    ["an experiment where a model is needed", ["check", "examples/perceptron.ts"], "gradloom: examples/perceptron.ts is an experiment, not a model: gradloom run examples/perceptron.ts runs it\n"], // prettier-ignore
    ["a gallery of a folder without scripts", ["gallery", "docs/images"], "gradloom: gallery: there is no script in docs/images\n"], // prettier-ignore
    ["an ending that is no picture", ["dot", "examples/xor.ts", "-o", "xor.gif"], "gradloom: dot: xor.gif must end in .dot, .svg, .png\n"], // prettier-ignore
    ["a size that is not there", ["ir", "examples/xor.ts", "--size", "rows=2"], "gradloom: --size rows: the model has no size of that name; its sizes are batch\n"], // prettier-ignore
    ["--resume without a folder", ["run", "examples/xor.ts", "--resume"], "gradloom: run: --resume is about checkpoints: say where they are with --checkpoint <folder>\n"], // prettier-ignore
    ["--every without a folder", ["run", "examples/xor.ts", "--every", "2"], "gradloom: run: --every is about checkpoints: say where they are with --checkpoint <folder>\n"], // prettier-ignore
    ["a model without data", ["run", fixture("without-data"), "--json"], "GraphError: the model bare has no data of its own\n  help: defineModel({ data: () => ({ batches }), … }) says them; fit(model, data) takes others\n"], // prettier-ignore
  ])("%s", async (_, args, message) => {
    const { code, out, err } = await gradloom(...args);
    expect(err).toBe(message);
    expect([code, out]).toEqual([1, ""]);
  });

  test.concurrent("an unknown flag is named, with the one that was meant", async () => {
    const { code, err } = await gradloom("run", "examples/xor.ts", "--epoch", "3");
    expect(err).toContain("error: unknown option '--epoch'");
    expect(err).toContain("Did you mean --epochs?");
    expect(code).toBe(1);
  });

  test.concurrent("shapes that do not fit are a ShapeError at the script's line, without a stack", async () => {
    const { code, err } = await gradloom("run", fixture("wrong-shapes"));
    expect(err).toMatch(/^ShapeError: matmul: lhs has 4 columns but rhs has 5 rows\n/);
    expect(err).toMatch(/\n {2}at test\/cli\/fixtures\/wrong-shapes\.ts:8:\d+\n/);
    expect(err).not.toContain("    at ");
    expect(code).toBe(1);
  });

  test.concurrent("--debug shows the stack", async () => {
    const { code, err } = await gradloom("--debug", "run", fixture("throws"));
    expect(err).toContain("    at ");
    expect(err).toContain("caused by TypeError: no such layer");
    expect(code).toBe(1);
  });
});
