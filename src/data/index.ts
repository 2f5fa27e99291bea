// Data: arrays and files become data sets, data sets become shuffled batches.
export type { Batch, BatchOptions } from "./batches.js";
export { type Column, type Columns, type ColumnSource, Dataset, dataset } from "./dataset.js";
export { type IdxArray, type IdxExpectation, parseIdx, readIdx } from "./idx.js";
export { type Digits, mnist, mnistBatches, type MnistOptions } from "./mnist.js";
export {
  type Fold,
  type FoldOptions,
  kFold,
  type Split,
  type SplitOptions,
  stratifiedKFold,
  trainTestSplit,
} from "./splits.js";
export { type Random, seeded } from "../random.js";
export { parseSafetensors, safetensorsBytes, type TensorFile } from "../files/safetensors.js";
