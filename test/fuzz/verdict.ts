// What is wrong with a random program: every way of running it must give the measured truth, and its gradients must be
// what central differences say.
import { isFloat, type TypedArray } from "#ir/dtype.js";
import { type Graph, topological } from "#ir/graph.js";
import type { Node, Parameter, Value } from "#ir/node.js";
import { evaluateGraph, evaluateValues } from "#ir/reference.js";
import { decompose } from "#passes/decompose.js";
import type { Pass } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { interpret } from "#runtime/interpret.js";
import { js } from "#runtime/js.js";
import { wasm } from "#runtime/wasm/backend.js";
import { difference } from "../compare.js";
import { runEagerly } from "../run-eagerly.js";
import { runGraph } from "../run-graph.js";
import { build, type Program, type Recipe } from "./recipe.js";

/** |a − b| ≤ k·ε·S: a program is up to 14 ops deep, and each may round a few times. */
const k = 64;

export interface FuzzOptions {
  /** Each pass alone on every program, not one of them in turn. */
  readonly thorough?: boolean;
  /** Passes in place of the real ones, to see whether a wrong one is found. */
  readonly passes?: readonly Pass<Graph>[];
}

type Outputs = ReadonlyMap<string, TypedArray>;

/** The first complaint about a recipe, or null. */
export function complaintAbout(recipe: Recipe, options: FuzzOptions = {}): string | null {
  const float = recipe.seed % 4 === 0 ? "f64" : "f32";
  const program = build(recipe, float);
  for (const [name, run] of waysToRun(program, recipe.seed, options)) {
    const wrong = mismatch(program, name, run);
    if (wrong) return wrong;
  }
  return wrongSlope(float === "f64" ? program : build(recipe, "f64"), recipe.seed);
}

function waysToRun({ graph, feeds }: Program, seed: number, { thorough, passes = graphPasses }: FuzzOptions) {
  const compiled = (backend: typeof wasm, options: Parameters<typeof runGraph>[3]) => (): Outputs => {
    const { outputs, parameters } = runGraph(graph, feeds, backend, options);
    return new Map([...outputs, ...[...parameters].map(([p, data]) => [p.name, data] as const)]);
  };
  const alone = [...new Set(passes)].filter((pass) => pass !== decompose);
  const chosen = thorough ? alone : alone.filter((_, i) => i === seed % alone.length);
  const ways: (readonly [string, () => Outputs])[] = [
    ["reference", () => byReference(graph, feeds)],
    ["unoptimised", compiled(wasm, { passes: [decompose], fuse: false })],
    ["interpret", compiled(interpret, { passes })],
    ["js", compiled(js, { passes })],
    ["wasm", compiled(wasm, { passes })],
    ["rematerialised", compiled(wasm, { passes, rematerialize: { method: seed % 2 === 0 ? "segments" : "min-cut" } })],
    ["eager", () => runEagerly(graph, feeds)],
    ...chosen.map((pass) => {
      const list = pass.name === "stability" ? [pass, decompose] : [decompose, pass, decompose];
      return [`${pass.name} alone`, compiled(wasm, { passes: list, fuse: seed % 2 === 0 })] as const;
    }),
  ];
  return ways;
}

function byReference(graph: Graph, feeds: readonly TypedArray[]): Outputs {
  const values = evaluateGraph(graph, new Map(graph.inputs.map((n, i) => [n, feeds[i]!])));
  const updates = [...graph.updates].map(([p, v]) => [(p.attrs.parameter as Parameter).name, values.get(v)!] as const);
  return new Map([...[...graph.outputs].map(([name, v]) => [name, values.get(v)!] as const), ...updates]);
}

function mismatch({ graph, truth }: Program, name: string, run: () => Outputs): string | null {
  let outputs: Outputs;
  try {
    outputs = run();
  } catch (error) {
    return `${name} throws ${error instanceof Error ? error.message : String(error)}`;
  }
  const updates = [...graph.updates].map(([p, v]) => [(p.attrs.parameter as Parameter).name, v] as const);
  for (const [output, value] of [...graph.outputs, ...updates]) {
    const { value: expected, scale } = truth.get(value)!;
    const wrong = difference(outputs.get(output)!, expected, { dtype: value.type.dtype, k, scale });
    if (wrong) return `${name}: ${output}: ${wrong}`;
  }
  return null;
}

/** Whether a square root is taken of exactly 0, where its slope is infinite: times a slope of 0, that is NaN. */
function takesRootOfZero(loss: Value, graph: Graph, feeds: readonly TypedArray[]): boolean {
  const roots = topological([loss]).filter(({ op }) => op.name === "sqrt");
  const operands = roots.map(({ operands }) => operands[0]!);
  const values = evaluateValues(operands, new Map(graph.inputs.map((n, i) => [n, feeds[i]!])));
  return operands.some((x) => values.get(x)!.some((number) => number === 0));
}

/** Compares one directional derivative with central differences of two widths; null also where those disagree (a kink). */
function wrongSlope({ graph, feeds, loss, sources, slopes }: Program, seed: number): string | null {
  if (!loss) return null;
  const direction = (i: number, j: number) => Math.sin(seed + 7 * i + j);
  const at = (h: number): number => {
    const held = new Map<Node, TypedArray>(graph.inputs.map((node, i) => {
      const moves = sources.some((s) => s.node === node) && isFloat(node.results[0]!.type.dtype);
      return [node, moves ? Float64Array.from(feeds[i]!, (x, j) => x + h * direction(i, j)) : feeds[i]!];
    })); // prettier-ignore
    return evaluateValues([loss], held).get(loss)![0]!;
  };
  const [wide, narrow] = [1e-4, 5e-5].map((h) => (at(h) - at(-h)) / (2 * h)) as [number, number];
  const values = evaluateValues(slopes, new Map(graph.inputs.map((n, i) => [n, feeds[i]!])));
  let [along, size] = [0, 1];
  slopes.forEach((slope: Value, i) => values.get(slope)!.forEach((d, j) => {
    along += d * direction(i, j);
    size += Math.abs(d);
  })); // prettier-ignore
  if (Math.abs(wide - narrow) > 1e-6 * (1 + Math.abs(narrow))) return null;
  if (Number.isNaN(along) && takesRootOfZero(loss, graph, feeds)) return null;
  return Math.abs(along - narrow) <= 1e-4 * size
    ? null
    : `gradient: central differences say ${narrow}, the graph says ${along}`;
}
