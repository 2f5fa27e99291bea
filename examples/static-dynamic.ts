// Static against dynamic, measured on this machine: the same models trained eagerly, an op at a time, and as one compiled
// program, each in a fresh process. What compiling brings, what it costs, and from which step on it has paid.
import { fileURLToPath } from "node:url";
import { defineExperiment, modes, plots } from "gradloom";

/** The scripts of the notes' four kinds of models, with names for tables. */
export const models: Readonly<Record<string, string>> = {
  xor: "XOR, 2-2-1, batch 4",
  "mnist-mlp": "MLP, 784-128-10, batch 32",
  "mnist-convolutions": "CNN, three convolutions, Adam, batch 64",
  "sequence-classifier": "LSTM(128), 32 steps, Adam, batch 32",
};

/** What was measured of one script. */
export interface Measured {
  readonly script: string;
  /** Of one thread in both modes. */
  readonly told: modes.Comparison;
  /** A step of the compiled program with more threads, in ms. */
  readonly threadedMs: number;
  /** All compiled steps so far, compiling included, as a part of the time of all eager ones; by some of the steps. */
  readonly soFar: { readonly x: readonly number[]; readonly y: readonly number[] };
}

/** How to measure: so long in each process, in so many processes of either kind, with so many threads beside one. */
interface Extent {
  readonly seconds: number;
  readonly processes: number;
  readonly threads: number;
  readonly data?: string;
}

/** Trains the model of a script in both modes, and compares. */
export async function measured(script: string, { seconds, processes, threads, data }: Extent): Promise<Measured> {
  const [eager, compiled, threaded]: [modes.Measurement[], modes.Measurement[], modes.Measurement[]] = [[], [], []];
  for (let i = 0; i < processes; i++) {
    eager.push(await modes.measureScript(script, "eager", { seconds, data }));
    compiled.push(await modes.measureScript(script, "compiled", { seconds, data, threads: 1 }));
    threaded.push(await modes.measureScript(script, "compiled", { seconds, data, threads }));
  }
  const [slow, fast] = [middle(eager), middle(compiled)];
  const told = modes.compareModes(slow, fast);
  return {
    script,
    told,
    threadedMs: modes.compareModes(slow, middle(threaded)).compiled.stepMs,
    soFar: soFar(slow.times, fast.times, told),
  };
}

/** Several processes as one: of every step the median of their times. */
function middle(all: readonly modes.Measurement[]): modes.Measurement {
  const steps = Math.min(...all.map(({ times }) => times.length));
  const times = Array.from({ length: steps }, (_, step) => median(all.map(({ times }) => times[step]!)));
  return { ...all[0]!, times };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return (sorted[Math.floor(at)]! + sorted[Math.ceil(at)]!) / 2;
}

/** At steps 1, 2, 3, 5, 8, … to 100 000; where they were not measured they are taken at full speed. */
function soFar(eager: readonly number[], compiled: readonly number[], { eager: e, compiled: c }: modes.Comparison) {
  const steps = Array.from({ length: 41 }, (_, i) => Math.round(10 ** (i / 8)));
  const sum = (times: readonly number[], step: number, ms: number): number => {
    const known = times.slice(0, step);
    return known.reduce((all, time) => all + time, 0) + (step - known.length) * ms;
  };
  const x = [...new Set(steps)];
  return { x, y: x.map((step) => sum(compiled, step, c.stepMs) / sum(eager, step, e.stepMs)) };
}

/** The tables of the comparison: time, memory, and when compiling has paid. */
export function tables(all: readonly Measured[], threads: number) {
  const of = (title: string, head: readonly string[], row: (one: Measured) => readonly (string | number)[]) => ({
    head: [title, ...head],
    rows: all.map((one) => [models[one.script] ?? one.script, ...row(one)]),
  });
  const steps = (count: number | null) => (count === null ? "never" : count.toLocaleString("en-US"));
  return {
    time: of(
      "a step, ms",
      ["eager", "compiled", "times as fast", `${threads} threads`, "losses differ by"],
      ({ told: { eager, compiled, speedup, maxRelativeDifference }, threadedMs }) => [
        digits(eager.stepMs),
        digits(compiled.stepMs),
        digits(speedup),
        digits(threadedMs),
        maxRelativeDifference === 0 ? "0" : maxRelativeDifference.toExponential(0),
      ],
    ),
    memory: of(
      "a step",
      ["kernels, eager", "compiled", "bytes moved, eager", "compiled", "memory, eager", "compiled", "unplanned"],
      ({ told: { eager, compiled } }) => [
        eager.kernels,
        compiled.kernels,
        bytes(eager.traffic),
        bytes(compiled.traffic),
        bytes(eager.bytes),
        bytes(compiled.arenaBytes),
        bytes(compiled.naiveBytes),
      ],
    ),
    breakEven: of(
      "the first step, ms",
      ["eager", "compiled", "compiling pays from step", "if eager kernels were ready"],
      ({ told: { eager, compiled, breakEvenSteps } }) => {
        const gain = eager.stepMs - compiled.stepMs;
        const warm = gain > 0 ? Math.ceil((compiled.compileMs - compiled.stepMs) / gain) : null;
        return [digits(eager.firstStepMs), digits(compiled.compileMs), steps(breakEvenSteps), steps(warm)];
      },
    ),
  };
}

/** Below 1, compiling has paid. */
export const picture = (all: readonly Measured[]) =>
  plots.lines(Object.fromEntries(all.map(({ script, soFar }) => [models[script] ?? script, soFar])), {
    title: "All compiled steps so far, compiling included, as a part of the time of all eager ones",
    x: "step",
    y: "compiled / eager; below 1 compiling has paid",
    logX: true,
    log: true,
  });

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function bytes(count: number): string {
  if (count < 1e4) return `${count} B`;
  return count < 1e6 ? `${digits(count / 1e3)} kB` : `${digits(count / 1e6)} MB`;
}

export default defineExperiment({
  name: "static-dynamic",
  doc: "Four models, trained op by op and as compiled programs, each in a fresh process: time, kernels, memory, break-even.",
  settings: { models: Object.keys(models).join(" "), seconds: 2, processes: 1, threads: 2 },
  run: async ({ settings: { models: names, seconds, processes, threads }, report, from }) => {
    const all: Measured[] = [];
    for (const name of names.split(" ")) {
      const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
      all.push({ ...(await measured(script, { seconds, processes, threads, data: from.dir })), script: name });
    }
    for (const { head, rows } of Object.values(tables(all, threads))) report.table(head, rows);
    await report.picture("break-even", picture(all));
    for (const { script, told } of all) {
      report.figures({
        [`${script}: times as fast`]: told.speedup,
        [`${script}: compiling pays from step`]: told.breakEvenSteps ?? Infinity,
        [`${script}: losses differ by`]: told.maxRelativeDifference,
      });
    }
  },
});
