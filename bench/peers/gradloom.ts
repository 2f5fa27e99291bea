// gradloom's side of every workload, compiled.
import { compile, type CompileSettings, Graph, grad, parameter, type Tensor } from "../../src/index.js";
import type { Updates } from "../../src/optim/optimizer.js";
import {
  chainScalars,
  type Elementwise,
  feedsOf,
  idsOf,
  type Network,
  outputShape,
  type Product,
  type Task,
} from "../task.js";
import { numbers, type Outputs, type Step } from "../workload.js";
import { lossOf, modelOf, optimizerOf } from "./gradloom-model.js";

export function gradloomStep(task: Task, settings: CompileSettings): Step {
  switch (task.kind) {
    case "product":
      return productStep(task, settings);
    case "elementwise":
      return elementwiseStep(task, settings);
    case "network":
      return networkStep(task, settings);
  }
}

function productStep({ m, k, n }: Product, settings: CompileSettings): Step {
  const graph = new Graph("matmul");
  const a = graph.read(parameter([m, k], numbers(m * k, 1), { name: "a" }));
  const b = graph.read(parameter([k, n], numbers(k * n, 2), { name: "b" }));
  return compiled({ c: a.matmul(b) as unknown as Tensor }, settings);
}

function elementwiseStep({ length, gradient }: Elementwise, settings: CompileSettings): Step {
  const graph = new Graph("elementwise");
  const x = graph.read(parameter([length], numbers(length, 1, 3), { name: "x" })) as Tensor;
  const [a, b, c] = chainScalars.map((v, i) => graph.read(parameter([], v, { name: "abc"[i]! })));
  const y = x.mul(a!).add(b!).sigmoid().mul(x.tanh()).add(x.sub(c!).relu()) as Tensor;
  const sum = y.sum() as Tensor;
  return compiled(gradient ? { sum, dx: grad(sum, [x])[0]! } : { y, sum }, settings);
}

function networkStep(network: Network, settings: CompileSettings): Step {
  const graph = new Graph(network.training ? "step" : "forward");
  const model = modelOf(network.layers);
  const feeds = feedsOf(network);
  if (!network.training) {
    // Kept where it is computed with, as the other libraries keep their tensors.
    const x = graph.read(parameter(network.input, feeds.x, { name: "x" })) as Tensor;
    return compiled({ y: model(x) }, settings);
  }
  const x = graph.input("x", network.input, idsOf(network) === null ? "f32" : "i32") as unknown as Tensor;
  const shape = outputShape(network);
  const { target, optimizer } = network.training;
  const y = target === "labels" ? graph.input("y", [shape[0]!], "i32") : graph.input("y", shape);
  const loss = lossOf(target, model(x), y as unknown as Tensor);
  const updates = optimizerOf(optimizer).minimize(loss);
  return compiled({ loss }, settings, { x: feeds.x, y: feeds.y! }, updates);
}

/** A step that runs an executable. */
function compiled(
  outputs: Readonly<Record<string, Tensor>>,
  settings: CompileSettings,
  feeds: Readonly<Record<string, Float32Array | Int32Array>> = {},
  updates?: Updates,
): Step {
  const begun = performance.now();
  const executable = compile({ outputs, updates }, settings);
  const names = Object.keys(outputs);
  const run = (): Outputs => {
    const results = executable.run(feeds);
    const numbers: Record<string, ArrayLike<number>> = {};
    for (let i = 0; i < names.length; i++) numbers[names[i]!] = results[names[i]!]!.data as Float32Array;
    return numbers;
  };
  return { run, dispose: () => executable.dispose(), program: { executable, feeds, begun } };
}
