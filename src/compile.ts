// compile: from tensors of a graph, or a function of tensors, to an executable.
import { Builder } from "#ir/builder.js";
import { GraphError } from "#ir/errors.js";
import { rootsOf, topological, type Graph as IrGraph } from "#ir/graph.js";
import { leftBatch } from "#ir/forms.js";
import type { Node, Parameter as ParameterRecord, Value } from "#ir/node.js";
import { atUserLine } from "#ir/origin.js";
import { add } from "#ir/ops/arithmetic.js";
import { input as inputOp, parameter as parameterOp } from "#ir/ops/leaves.js";
import { namesIn } from "#ir/size.js";
import { namedSizesOf } from "#passes/specialize.js";
import { Executable, type ExecutableOptions } from "./executable.js";
import type { FeedSpec } from "./feeds.js";
import { Graph, valueIn } from "./graph.js";
import { declareInputs, type InputSpecs, type InputTensors } from "./input-specs.js";
import type { Updates } from "./optim/optimizer.js";
import { Parameter } from "./parameter.js";
import { countsRuns } from "./random-state.js";
import { retypeToF64 } from "./retype.js";
import { Tensor } from "./tensor.js";

/** Tensors by the names under which a run returns them. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** What an executable computes. All of it is computed from the parameters' values before the run. */
export interface Targets<O extends Outputs = Outputs> {
  readonly outputs?: O;
  /** Next values of parameters. */
  readonly updates?: Updates | Iterable<readonly [Parameter, Tensor]>;
  /** Tensors computed for what they do, such as checks, in this order. */
  readonly effects?: readonly Tensor[];
}

export interface CompileSettings extends ExecutableOptions {
  /** "f64" computes a whole f32 graph in double precision, on copies of the parameters that are never written back. */
  readonly dtype?: "f64";
  /** Names it in dumps and errors; the graph's name where nothing is said. */
  readonly name?: string;
}

/** What outputs become in an executable of f64. */
type Wide<O> = { readonly [K in keyof O]: O[K] extends Tensor<infer S, "f32"> ? Tensor<S, "f64"> : O[K] };
type Computed<O, C> = C extends { readonly dtype: "f64" } ? Wide<O> : O;

/**
 * The executable of some tensors of one graph. Throws a GraphError where two graphs meet, a MemoryError where recomputing
 * cannot meet a budget; with named sizes, the first run throws that.
 */
export function compile<const O extends Outputs = Outputs, const C extends CompileSettings = CompileSettings>(
  targets: Targets<O>,
  settings?: C,
): Executable<Computed<O, C>>;
/** Traces a function of tensors: it is called once, with a symbolic tensor for each spec. */
export function compile<
  const I extends InputSpecs,
  const R extends Tensor | Outputs,
  const C extends CompileSettings = CompileSettings,
>(
  fn: (inputs: InputTensors<I>) => R,
  specs: I,
  settings?: C,
): Executable<Computed<R extends Tensor ? { readonly result: R } : R, C>>;
export function compile(
  what: Targets | ((inputs: InputTensors<InputSpecs>) => Tensor | Outputs),
  second: CompileSettings | InputSpecs = {},
  third: CompileSettings = {},
): Executable {
  if (typeof what !== "function") return atUserLine(() => executable(what, second as CompileSettings, null));
  const graph = new Graph(what.name || "function");
  const made = what(declareInputs(graph, second as InputSpecs));
  const outputs = made instanceof Tensor ? { result: made } : made;
  return atUserLine(() => executable({ outputs }, third, graph));
}

/** Makes the graph that the passes work on. */
function executable(targets: Targets, settings: CompileSettings, traced: Graph | null): Executable {
  const updates = [...(targets.updates ?? [])];
  const outputs = Object.entries(targets.outputs ?? {});
  const effects = targets.effects ?? [];
  checkTargets(outputs, updates);
  const tensors = [...outputs.map(([, x]) => x), ...updates.map(([, x]) => x), ...effects];
  if (tensors.length === 0)
    throw new GraphError("compile: there is nothing to compute: no outputs, updates or effects");
  const builder = builderOf(tensors, traced, settings.name);
  const parameterNode = (p: Parameter): Node => valueIn(builder, p).node;
  const graph: IrGraph = withLeaves({
    name: settings.name ?? Graph.of(builder)?.name ?? builder.name,
    builder,
    inputs: [],
    parameters: [],
    outputs: new Map(outputs.map(([name, x]) => [name, valueIn(builder, x)])),
    updates: new Map(updates.map(([p, x]) => [parameterNode(p), checkedUpdate(p, x, valueIn(builder, x))])),
    effects: effects.map((x) => valueIn(builder, x).node),
  });
  countRuns(graph);
  const retyped = settings.dtype === "f64" ? retypeToF64(graph, (record) => Parameter.of(record)) : null;
  const final = retyped?.graph ?? graph;
  const specs = feedSpecs(final, Graph.of(builder), retyped !== null);
  const made = new Executable(final, specs, settings, retyped?.parameters ?? null);
  const { rematerialize } = settings;
  const hasBudget = typeof rematerialize === "object" && rematerialize.budget !== undefined;
  if (hasBudget && namedSizesOf(final).length === 0) made.plan();
  return made;
}

/** Every run of a graph that draws random numbers advances their counter. */
function countRuns({ builder, parameters, updates }: IrGraph): void {
  for (const node of parameters) {
    if (!countsRuns(node.attrs.parameter as ParameterRecord) || updates.has(node)) continue;
    const next = builder.inherit([node], () => add(node.results[0]!, 1)) as Value;
    (updates as Map<Node, Value>).set(node, next);
  }
}

/** Throws a GraphError where an output is no tensor, or an update is none of a parameter or a second one of the same. */
function checkTargets(
  outputs: readonly (readonly [string, unknown])[],
  updates: readonly (readonly unknown[])[],
): void {
  // A record cannot hold it: it would be taken for the record's prototype.
  if (outputs.some(([name]) => name === "__proto__"))
    throw new GraphError('compile: no output can be called "__proto__"');
  const other = outputs.find(([, x]) => !(x instanceof Tensor));
  if (other) throw new GraphError(`compile: the output "${other[0]}" is ${String(other[1])}, not a tensor`);
  const seen = new Set<unknown>();
  for (const [p] of updates) {
    if (!(p instanceof Parameter)) throw new GraphError(`compile: an update is of ${String(p)}, which is no parameter`);
    if (seen.has(p)) throw new GraphError(`compile: parameter ${p.name} has two updates`);
    seen.add(p);
  }
}

/** The builder that the symbolic tensors share; a new one where all are parameters or numbers. */
function builderOf(tensors: readonly Tensor[], traced: Graph | null, name: string | undefined): Builder {
  const inner = tensors.find((x) => x.symbolic && x.handle.owner.outer);
  if (inner) throw inner.handle.owner.left?.() ?? leftBatch();
  const owners = new Set(tensors.filter((x) => x.symbolic).map((x) => x.handle.owner as Builder));
  if (traced) owners.add(traced.builder);
  if (owners.size > 1) {
    const names = [...owners].map((owner) => `"${owner.name}"`).join(" and ");
    throw new GraphError(`compile: the tensors belong to two graphs, ${names}`);
  }
  return [...owners][0] ?? new Builder(name ?? "graph");
}

function checkedUpdate(p: Parameter, next: Tensor, value: Value): Value {
  const [want, have] = [`${p.dtype}[${p.shape.join()}]`, `${next.dtype}[${next.shape.join()}]`];
  if (want === have) return value;
  throw new GraphError(`compile: parameter ${p.name} is ${want} and cannot become ${have}`);
}

/** The graph with the leaves that its roots need: inputs in the order of declaration, parameters in that of first use. */
function withLeaves(graph: IrGraph): IrGraph {
  const updated = [...graph.updates.keys()].map((node) => node.results[0]!);
  const nodes = topological([...rootsOf(graph), ...updated]);
  const parameters = nodes.filter((node) => (node.op as unknown) === parameterOp);
  const read = new Set(nodes.filter((node) => (node.op as unknown) === inputOp));
  const declared = Graph.of(graph.builder)?.inputNodes ?? [...read];
  const base = { ...graph, parameters, inputs: declared.filter((node) => read.has(node)) };
  // A gradient may need the size of an input that it does not read.
  const bound = new Set(base.inputs.flatMap(namesOf));
  const missing = namedSizesOf(base).filter((name) => !bound.has(name));
  const needed = (node: Node) => read.has(node) || namesOf(node).some((name) => missing.includes(name));
  return { ...base, inputs: declared.filter(needed) };
}

const namesOf = (node: Node): readonly string[] => node.results[0]!.type.shape.flatMap(namesIn);

/** What a run may be fed: the inputs of the graph, and the declared ones that it does not read. */
function feedSpecs(graph: IrGraph, declared: Graph | undefined, converts: boolean): readonly FeedSpec[] {
  const read = graph.inputs.map((node) => ({
    name: node.attrs.name as string,
    type: node.results[0]!.type,
    read: true,
    converts,
  }));
  const others = [...(declared?.inputs ?? [])].filter(([name]) => !read.some((spec) => spec.name === name));
  return [...read, ...others.map(([name, x]) => ({ name, type: x.type, read: false, converts }))];
}
