// The workloads of the comparison, in the order of its table.
import type { Workload } from "../workload.js";
import { elementwise } from "./elementwise.js";
import { layerNorm, lenet, softmax } from "./inference.js";
import { matmul } from "./matmul.js";
import { cnn, deep, mlp, xor } from "./networks.js";
import { transformerForward, transformerTraining } from "./transformer.js";

export const workloads: readonly Workload[] = [
  matmul(64),
  matmul(256),
  matmul(1024),
  elementwise(false),
  elementwise(true),
  mlp(32),
  mlp(256),
  deep,
  xor,
  cnn,
  lenet(1),
  lenet(64),
  softmax,
  layerNorm,
  transformerForward,
  transformerTraining,
];
