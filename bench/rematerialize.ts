// Bytes and times of training steps with and without recomputation: the table of docs/rematerialize.md.
import { loadavg } from "node:os";
import { compile, type CompileSettings, type Executable, Graph, grad, parameter, type Tensor } from "../src/index.js";

const [batch, width] = [256, 128];

/** Weights in −0.1 … 0.1, the same in every model. */
function weights(shape: readonly number[], place: number) {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => 0.1 * Math.sin(1 + place + i * i));
  return parameter(shape, data, { name: `w${place}` });
}

type Layer = (x: Tensor, make: (shape: readonly number[]) => Tensor) => Tensor;

function step(layers: number, layer: Layer, settings: CompileSettings): Executable {
  const graph = new Graph("step");
  const [x, y] = [graph.input("x", [batch, width]), graph.input("y", [batch, width])] as unknown as [Tensor, Tensor];
  const parameters: ReturnType<typeof weights>[] = [];
  const make = (shape: readonly number[]) => {
    const made = weights(shape, parameters.length);
    parameters.push(made);
    return graph.read(made) as Tensor;
  };
  let h = x;
  for (let i = 0; i < layers; i++) h = layer(h, make);
  const off = h.sub(y) as Tensor;
  const loss = off.mul(off).mean() as unknown as Tensor;
  const slopes = grad(loss, parameters);
  const updates = parameters.map((p, i) => [p, (graph.read(p) as Tensor).sub(slopes[i]!.mul(0.01)) as Tensor] as const);
  return compile({ outputs: { loss }, updates: updates as never }, settings) as unknown as Executable;
}

const dense: Layer = (x, make) => x.matmul(make([width, width]) as never).add(make([width])).gelu() as Tensor; // prettier-ignore
const block: Layer = (x, make) => {
  const wide = x.layerNorm().matmul(make([width, 4 * width]) as never).gelu() as unknown as Tensor; // prettier-ignore
  return x.add(wide.matmul(make([4 * width, width]) as never) as never) as Tensor;
};
const models = { "64 dense layers, GELU": [64, dense], "16 residual blocks": [16, block] } as const;
const kinds: Record<string, CompileSettings["rematerialize"]> = {
  no: false,
  "min-cut": { method: "min-cut" },
  segments: true,
  "least budget": { budget: 1 },
};

/** A model compiled one way: `budget: 1` asks for the least memory there is, which the error names. */
function compiled(layers: number, layer: Layer, rematerialize: CompileSettings["rematerialize"]): Executable {
  try {
    const run = step(layers, layer, { rematerialize: rematerialize ?? false });
    run.plan();
    return run;
  } catch (error) {
    const least = /a budget of (\d+) bytes/.exec(String(error))?.[1];
    if (least === undefined) throw error;
    return step(layers, layer, { rematerialize: { budget: Number(least) } });
  }
}

/** Prints a row per model and way: planned bytes, the best time of a step, the time to compile. */
export function benchRematerialize(): void {
  const names = ["x", "y"];
  const numbers = (i: number) => Float32Array.from({ length: batch * width }, (_, j) => Math.sin(i + j));
  const feeds = Object.fromEntries(names.map((name, i) => [name, numbers(i)]));
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
  for (const [name, [layers, layer]] of Object.entries(models)) {
    const made = Object.entries(kinds).map(([kind, rematerialize]) => {
      const begun = performance.now();
      const run = compiled(layers, layer, rematerialize);
      run.run(feeds);
      return { kind, run, seconds: (performance.now() - begun) / 1000, best: Infinity };
    });
    // By turns, so that all see the same load; the least of all times is what the machine can do.
    for (let turn = 0; turn < 12; turn++) {
      for (const one of made) {
        const begun = performance.now();
        one.run.run(feeds);
        one.best = Math.min(one.best, performance.now() - begun);
      }
    }
    for (const { kind, run, seconds, best } of made) {
      const mib = run.plan().memory.planned / 2 ** 20;
      console.log(`| ${name} | ${kind} | ${mib.toFixed(1)} MiB | ${best.toFixed(1)} ms | ${seconds.toFixed(1)} s |`);
    }
  }
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
}
