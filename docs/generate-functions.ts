// Writes docs/functions.md: the largest error of every transcendental function, as measured.
//   npx tsx --conditions=gradloom-source docs/generate-functions.ts --step 101
// tries every 101st f32; a step of 1 tries all of them, which takes hours.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { transcendentals } from "#ir/scalar.js";
import { type Worst, worstOfDouble, worstOfSingle } from "./function-errors.js";

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

/** How many arguments of f64 are tried. */
const doubles = (step: number): number => Math.ceil(2 ** 32 / step / 40 / 1000) * 1000;

function functionsPage(step: number): string {
  const rows = transcendentals.map((fn) => {
    const [single, double] = [worstOfSingle(fn, step), worstOfDouble(fn, doubles(step))];
    console.log(fn, single, double);
    const place = ({ at }: Worst, digits: number) => at.map((x) => Number(x.toPrecision(digits))).join(", ");
    return `| \`${fn}\` | ${ulps(single)} at ${place(single, 9)} | ${ulps(double)} at ${place(double, 17)} |`;
  });
  return `# Accuracy of functions

<!-- Written by docs/generate-functions.ts. -->

\`exp\`, \`log\` and the like are written once, as expressions over primitive operations (\`ir/functions/\`), and every backend runs these: vectors in
WebAssembly, numbers in JavaScript. They give the same bits on every backend and engine, and are at most 2 ulp from the
real value, in f32 and f64, for arguments of any size. An ulp, a unit of the last place, is the distance between neighbouring numbers of
the size of the result. At 0, infinities and NaN they give what IEEE 754 says; arguments and results too small for normal numbers
lose no more than others.

The largest errors measured on the \`wasm\` backend, rounded up: in f32 against double precision over every ${step === 1 ? "number" : `${step}th number by its bits, all exponents and signs`},
and 64 neighbours on each side of special points (multiples of π/4 and ln 2, ends of ranges), and a thousand times as densely where errors are largest; in f64 against the exact value (to 250
bits) over ${doubles(step)} random arguments, where the function changes, where errors are largest and of any size; of sines also the numbers of every exponent that are
nearest to a multiple of π/2. Of \`pow\`, pairs whose power is in range.

| function | f32: ulp, at | f64: ulp, at |
| --- | --- | --- |
${rows.join("\n")}

The sines of arguments above 2·10⁸ take several times as long as others, as these are multiplied by as many digits of 2/π as they need; other
arguments do not pay for it. \`test/docs/functions.test.ts\` measures a part of this again. With \`relaxed\` (see [tuning.md](tuning.md)) the last
place may differ.
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { step: { type: "string", default: "1009" } } });
  writeFileSync(page, functionsPage(Number(values.step)));
}
