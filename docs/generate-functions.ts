// Writes docs/functions.md: the largest error of every transcendental function, as measured.
//   npx tsx --conditions=gradloom-source docs/generate-functions.ts --step 101
// tries every 101st f32; a step of 1 tries all of them, which takes hours.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { transcendentals } from "#ir/scalar.js";
import { rangeOf, type Worst, worstOfDouble, worstOfSingle } from "./function-errors.js";

const page = new URL("functions.md", import.meta.url);

/** The largest errors that the page states, in ulp, by function. */
export function statedErrors(): ReadonlyMap<string, { readonly f32: number; readonly f64: number }> {
  const rows = readFileSync(page, "utf8").matchAll(/^\| `(\w+)` *\| ([\d.]+) .*?\| ([\d.]+) /gm);
  return new Map([...rows].map(([, name, f32, f64]) => [name!, { f32: Number(f32), f64: Number(f64) }]));
}

/** Rounded up, so that what is stated holds. */
function ulps({ ulps: n }: Worst): string {
  return (Math.ceil(n * 100) / 100).toFixed(2);
}

function functionsPage(step: number): string {
  const rows = transcendentals.map((fn) => {
    const [single, double] = [worstOfSingle(fn, step), worstOfDouble(fn, Math.ceil(2 ** 32 / step / 40))];
    console.log(fn, single, double);
    const range = rangeOf(fn) === Infinity ? (fn === "pow" ? "pairs with a result in range" : "all") : "up to 10⁸";
    return `| \`${fn}\` | ${ulps(single)} at ${single.at.map((x) => Number(x.toPrecision(9))).join(", ")} | ${ulps(double)} | ${range} |`;
  });
  return `# Accuracy of functions

<!-- Written by docs/generate-functions.ts. -->

\`exp\`, \`log\` and the like are written once, as expressions over primitive operations (\`ir/functions/\`), and every backend runs these: vectors in
WebAssembly, numbers in JavaScript. They give the same bits on every backend and engine, and are at most 2 ulp from the
real value in f32. An ulp, a unit of the last place, is the distance between neighbouring numbers of the size of the result. At 0,
infinities and NaN they give what IEEE 754 says; arguments and results too small for normal numbers lose no more than others.

The largest errors measured on the \`wasm\` backend, rounded up: in f32 against double precision over every ${step === 1 ? "number" : `${step}th number by its bits, all exponents and signs`},
and 64 neighbours on each side of special points (multiples of π/4 and ln 2, ends of ranges); in f64 against the JavaScript engine's own functions, which
are off by up to 1 themselves, over random arguments.

| function | f32: ulp, at | f64: ulp | arguments in f32 |
| --- | --- | --- | --- |
${rows.join("\n")}

Beyond 10⁸ the sines keep fewer digits, as the digits of π that are carried run out. \`test/docs/functions.test.ts\` measures a part of this again.
With \`relaxed\` (see [tuning.md](tuning.md)) the last place may differ.
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { step: { type: "string", default: "1009" } } });
  writeFileSync(page, functionsPage(Number(values.step)));
}
