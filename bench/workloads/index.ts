// The workloads of the comparison: first those of the table in docs/performance.md, then shapes that nobody tuned for.
import { bytesOf, flopsOf } from "../costs.js";
import { gradloomStep } from "../peers/gradloom.js";
import type { Task } from "../task.js";
import type { Workload } from "../workload.js";
import { convolution, lenet, mnistNetwork } from "./images.js";
import { deep, mlp, recurrent, xor } from "./networks.js";
import { normalized, softened, transformer } from "./rows.js";

const workload = (name: string, title: string, task: Task): Workload => ({
  name,
  title,
  task,
  flops: flopsOf(task),
  bytes: bytesOf(task),
  gradloom: (settings) => gradloomStep(task, settings),
});

const product = (m: number, k: number, n: number): Task => ({ kind: "product", m, k, n });
const chain = (length: number, gradient: boolean): Task => ({ kind: "elementwise", length, gradient });
const chainTitle = "sigmoid(a·x+b)·tanh(x)+relu(x−c)";

/** Those of the issue that asked for them. */
export const workloads: readonly Workload[] = [
  workload("matmul-64", "matmul 64×64×64", product(64, 64, 64)),
  workload("matmul-256", "matmul 256×256×256", product(256, 256, 256)),
  workload("matmul-1024", "matmul 1024×1024×1024", product(1024, 1024, 1024)),
  workload("elementwise", `${chainTitle} and its sum, 10⁶`, chain(1e6, false)),
  workload("elementwise-gradient", `${chainTitle}: sum and gradient, 10⁶`, chain(1e6, true)),
  workload("mlp-32", "MLP 784-128-10, SGD, batch 32", mlp(32)),
  workload("mlp-256", "MLP 784-128-10, SGD, batch 256", mlp(256)),
  workload("deep", "784-100-100-100-10, Adam, batch 64", deep),
  workload("xor", "2-4-1 sigmoid, squared error, SGD, batch 4", xor),
  workload("cnn", "CNN (three convolutions), Adam, batch 32", mnistNetwork),
  workload("lenet-1", "LeNet-5 inference, batch 1", lenet(1)),
  workload("lenet-64", "LeNet-5 inference, batch 64", lenet(64)),
  workload("softmax", "softmax, 1024×1024", softened(1024, 1024)),
  workload("layer-norm", "layer norm, 1024×1024", normalized(1024, 1024)),
  workload("transformer", "transformer block, forward", transformer(8, 64, false)),
  workload("transformer-training", "transformer block, Adam step", transformer(8, 64, true)),
  workload("lstm", "embedding 10⁴×64, LSTM(128) of 32 steps, Adam, batch 32", recurrent),
  workload("odd-matmul", "matmul 100×37×211", product(100, 37, 211)),
  workload("odd-vector", "vector × matrix, 1×1000×1000", product(1, 1000, 1000)),
  workload("odd-elementwise", `${chainTitle} and its sum, 4099`, chain(4099, false)),
  workload("odd-mlp", "784-300-100-10, SGD, batch 50", mlp(50, [784, 300, 100, 10])),
  workload("odd-mlp-1", "784-128-10, SGD, batch 1", mlp(1)),
  workload("odd-conv", "conv 3→16, 5×5, stride 2, 32×32, batch 8, forward", convolution(8)),
  workload("odd-conv-training", "the same and dense 10, SGD step", convolution(8, true)),
  workload("odd-softmax", "softmax, 333×77", softened(333, 77)),
  workload("odd-layer-norm", "layer norm, 333×77", normalized(333, 77)),
  workload("odd-transformer", "transformer block, 3×50 places, forward", transformer(3, 50, false)),
];

/** The workload of a name; throws where there is none. */
export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found) return found;
  throw new Error(`there is no workload "${name}", only ${workloads.map((workload) => workload.name).join(", ")}`);
}
