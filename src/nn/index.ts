// Layers, losses, activations and initialisers.
import { ops } from "../ops.js";

export { activation, type Activation } from "./activation.js";
export { type Dense, dense, type DenseOptions } from "./dense.js";
export * as initializers from "./initializers.js";
export type { FeatureLayer, Layer, LayerInfo } from "./layer.js";
export { type Sequential, sequential, type Stage } from "./sequential.js";
export { summarize, type SummaryRow } from "./summary.js";

/** Losses are ops of the table under the names that models use. */
export const { mse, binaryCrossEntropy, binaryCrossEntropyWithLogits, softmaxCrossEntropy } = ops;
