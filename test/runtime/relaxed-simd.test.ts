// Relaxed SIMD: one instruction for a product and its sum, where the engine has it; else as without, and one warning.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { compile, Graph } from "gradloom";
import { hasRelaxedSimd } from "#runtime/simd.js";

const flag = "--experimental-wasm-relaxed-simd";

/** Runs a module in a process whose engine has relaxed SIMD, and reads the JSON it prints. */
async function withFlag(program: string): Promise<unknown> {
  const args = [flag, "--conditions=gradloom-source", "--import", "tsx", "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: new URL("../../", import.meta.url) });
  return JSON.parse(stdout);
}

const has = vi.spyOn(console, "warn").mockImplementation(() => {}) && hasRelaxedSimd();

test.skipIf(has)("without it a program computes the same bits as one that did not ask, and says so once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const run = (relaxed: boolean) => {
    const g = new Graph();
    const x = g.input("x", [9, 9]);
    const data = Float32Array.from({ length: 81 }, (_, i) => Math.sin(i));
    return compile({ outputs: { y: x.matmul(x).exp() } }, { relaxed }).run({ x: data }).y.data;
  };
  expect(run(true)).toEqual(run(false));
  run(true);
  // The probe above was the first to ask.
  expect(warn.mock.calls.length).toBe(1);
  expect(warn.mock.calls[0]![0]).toMatch(/^gradloom: relaxed: this engine has no relaxed SIMD/);
  warn.mockRestore();
});

test("with it random products, convolutions and row stages are what plain loops say", async () => {
  const found = await withFlag(`
    import { wasm } from "#runtime/wasm/backend.js";
    import { hasRelaxedSimd } from "#runtime/simd.js";
    import { families } from "./test/schedules/families.ts";
    import { complaintAbout } from "./test/schedules/trial.ts";
    const relaxed = { name: "wasm", prepare: (plan, device) => wasm.prepare(plan, device, { relaxed: true }) };
    const wrong = [];
    for (const [name, family] of Object.entries(families))
      for (let seed = 0; seed < 10; seed++) {
        const trial = family(seed, 20000);
        const complaint = complaintAbout(trial, relaxed);
        if (complaint) wrong.push(name + " " + seed + ": " + trial.title + ": " + complaint);
      }
    console.log(JSON.stringify({ has: hasRelaxedSimd(), wrong }));`);
  expect(found).toEqual({ has: true, wrong: [] });
}, 300_000);

test("with it sums of products are rounded once, and functions keep within 2 ulp", async () => {
  const found = (await withFlag(`
    import { compile, Graph } from "gradloom";
    import { transcendentals } from "#ir/scalar.js";
    import { worstOfSingle } from "./docs/function-errors.ts";
    const run = (relaxed) => {
      const g = new Graph();
      const [x, y, z] = ["x", "y", "z"].map((name) => g.input(name, [4]));
      const four = (n) => new Float32Array(4).fill(n);
      const product = { x: four(1 + 2 ** -12), y: four(1 + 2 ** -12) };
      const more = compile({ outputs: { y: x.mul(y).add(z) } }, { relaxed }).run({ ...product, z: four(-1 - 2 ** -11) });
      const less = compile({ outputs: { y: z.sub(x.mul(y)) } }, { relaxed }).run({ ...product, z: four(1 + 2 ** -11) });
      return [more.y.data[0], less.y.data[0]];
    };
    const worst = transcendentals.map((fn) => [fn, worstOfSingle(fn, 400009, { relaxed: true }).ulps]);
    console.log(JSON.stringify({ plain: run(false), relaxed: run(true), worst }));`)) as {
    plain: number[];
    relaxed: number[];
    worst: [string, number][];
  };
  expect(found.plain).toEqual([0, 0]);
  // Where the processor has no such instruction either, engines may round twice.
  expect([
    [0, 0],
    [2 ** -24, -(2 ** -24)],
  ]).toContainEqual(found.relaxed);
  for (const [fn, ulps] of found.worst) expect.soft(ulps, fn).toBeLessThanOrEqual(2);
}, 300_000);
