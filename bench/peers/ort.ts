// onnxruntime-web on wasm: forward passes, as ONNX models written here. SIMD; one thread or two.
import { chainScalars, countOf, feedsOf, outputShape, type Task } from "../task.js";
import { numbers, type Outputs, type Step } from "../workload.js";
import { type OnnxConstant, onnxModel } from "./onnx-model.js";
import { OrtNodes } from "./ort-nodes.js";
import { imported } from "./packages.js";
import { type MakeStep, type StepOrReason, without } from "./peer.js";

/** As much of the library as is used. */
interface Ort {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: string }; logLevel?: string };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}
interface OrtTensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** Loads the library for a number of threads, which holds for the process. */
export async function ortWeb(threads: number): Promise<MakeStep> {
  const ort = await imported<Ort>("onnxruntime-web/dist/ort.node.min.mjs");
  ort.env.wasm.numThreads = threads;
  return (task) => stepOf(ort, task);
}

interface Described {
  readonly nodes: OrtNodes;
  readonly feeds: Readonly<Record<string, OnnxConstant>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

async function stepOf(ort: Ort, task: Task): Promise<StepOrReason> {
  const described = describe(task);
  if (!described) return without("computes no gradients");
  const { nodes, feeds, outputs } = described;
  const values = Object.entries(outputs).map(([name, shape]) => ({ name, shape }));
  const model = await onnxModel(nodes.nodes, nodes.constants, Object.values(feeds), values);
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 };
  const session = await ort.InferenceSession.create(model, options);
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor("float32", data as Float32Array, shape),
    ]),
  );
  const run = async (): Promise<Outputs> => {
    const results = await session.run(tensors);
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
  };
  return { run, dispose: () => session.release() } satisfies Step;
}

/** The model of a task; null where it needs gradients. */
function describe(task: Task): Described | null {
  const nodes = new OrtNodes();
  const feed = (name: string, shape: readonly number[], data: Float32Array) => ({ [name]: { name, shape, data } });
  switch (task.kind) {
    case "product": {
      const { m, k, n } = task;
      nodes.add("MatMul", ["a", "b"], {}, "c");
      const feeds = { ...feed("a", [m, k], numbers(m * k, 1)), ...feed("b", [k, n], numbers(k * n, 2)) };
      return { nodes, feeds, outputs: { c: [m, n] } };
    }
    case "elementwise": {
      if (task.gradient) return null;
      const [a, b, c] = chainScalars.map((v) => nodes.constant([], new Float32Array([v])));
      const left = nodes.add("Sigmoid", [nodes.add("Add", [nodes.add("Mul", ["x", a!]), b!])]);
      const product = nodes.add("Mul", [left, nodes.add("Tanh", ["x"])]);
      nodes.add("Add", [product, nodes.add("Relu", [nodes.add("Sub", ["x", c!])])], {}, "y");
      nodes.add("ReduceSum", ["y"], { keepdims: 0 }, "sum");
      const { length } = task;
      return { nodes, feeds: feed("x", [length], numbers(length, 1, 3)), outputs: { y: [length], sum: [] } };
    }
    case "network": {
      if (task.training) return null;
      const last = nodes.layers(task.layers, "x", task.input);
      nodes.add("Identity", [last], {}, "y");
      const x = feedsOf(task).x as Float32Array;
      if (x.length !== countOf(task.input)) throw new Error("the feed does not fill its shape");
      return { nodes, feeds: feed("x", task.input, x), outputs: { y: outputShape(task) } };
    }
  }
}
