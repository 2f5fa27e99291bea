// Compiles a graph and runs it once, on any backend.
import type { TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Parameter } from "#ir/node.js";
import { compileGraph, type CompileOptions } from "#passes/compile.js";
import type { Backend } from "#runtime/backend.js";
import { Device } from "#runtime/device.js";
import { interpret } from "#runtime/interpret.js";
import { js } from "#runtime/js.js";
import { wasm } from "#runtime/wasm/backend.js";

export const backends: readonly Backend[] = [interpret, js, wasm];

let device: Device | null = null;

/** The outputs by name, and the parameters' values after the run; `feeds[i]` is the graph's input i. */
export function runGraph(
  graph: Graph,
  feeds: readonly TypedArray[],
  backend: Backend,
  options: CompileOptions = {},
): { readonly outputs: ReadonlyMap<string, TypedArray>; readonly parameters: ReadonlyMap<Parameter, TypedArray> } {
  device ??= new Device();
  const plan = compileGraph(graph, options);
  const program = backend.prepare(plan, device);
  const parameters = graph.parameters.map((n) => n.attrs.parameter as Parameter);
  try {
    program.buffers.locate();
    plan.feeds.forEach(({ buffer }, i) => {
      if (buffer !== null) program.buffers.view(buffer).set(feeds[i]!);
    });
    program.run();
    const outputs = plan.outputs.map(({ name, buffer }) => [name, program.buffers.view(buffer).slice()] as const);
    const state = parameters.map((p) => {
      const count = p.type.shape.reduce((a, b) => a * b, 1);
      return [p, device!.view(p.type.dtype, device!.address(p), count).slice()] as const;
    });
    return { outputs: new Map(outputs), parameters: new Map(state) };
  } finally {
    program.dispose();
    for (const p of parameters) device.release(p);
  }
}
