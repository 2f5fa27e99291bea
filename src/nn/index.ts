// Layers, losses, activations and initialisers.
import { ops } from "../ops.js";

export { activation, type Activation } from "./activation.js";
export { type AttentionCall, type AttentionOptions, multiHeadAttention } from "./attention.js";
export { layer, type Parts } from "./custom-layer.js";
export { bidirectional, type BidirectionalOptions } from "./bidirectional.js";
export {
  type CellWeights,
  gruCell,
  type GruWeights,
  lstmCell,
  type LstmState,
  type LstmWeights,
  type Reset,
  rnnCell,
} from "./cells.js";
export {
  conv1d,
  conv2d,
  conv3d,
  type ConvLayer,
  type ConvLayerOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeLayerOptions,
} from "./conv.js";
export {
  decode,
  type DecodeOptions,
  generate,
  type GenerateOptions,
  type NextIds,
  sample,
  type SampleOptions,
} from "./decoding.js";
export { type Dense, dense, type DenseOptions } from "./dense.js";
export { dropout } from "./dropout.js";
export { type Embedding, embedding, type EmbeddingOptions } from "./embedding.js";
export { flatten } from "./flatten.js";
export { gru, type GruOptions } from "./gru.js";
export * as initializers from "./initializers.js";
export type { Call, CallOptions, FeatureLayer, Layer, LayerInfo } from "./layer.js";
export { lstm, type LstmOptions } from "./lstm.js";
export { namedParameters, parametersExcept } from "./named-parameters.js";
export {
  type BatchNorm,
  batchNorm,
  type BatchNormOptions,
  groupNorm,
  instanceNorm,
  layerNorm,
  type NormOptions,
  rmsNorm,
} from "./norms.js";
export {
  adaptiveMeanPool,
  globalMaxPool,
  globalMeanPool,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  meanPool1d,
  meanPool2d,
  meanPool3d,
} from "./pool.js";
export { type LearnedPositions, learnedPositions, type PositionOptions, sinusoidalPositions } from "./positions.js";
export type { Recurrent, RecurrentCall, RecurrentInfo, Returns, StateForm, Unrolled } from "./recurrent.js";
export type { RecurrentOptions } from "./recurrent-weights.js";
export { residual, type ResidualOptions } from "./residual.js";
export { rnn, type RnnOptions } from "./rnn.js";
export { type Sequential, sequential, type Stage } from "./sequential.js";
export { loadState, plainState, type PlainState, type State, type StateEntry, stateOf } from "./state.js";
export { stacked, type StackedOptions } from "./stacked.js";
export { stateGradientNorms } from "./state-gradients.js";
export { type Stateful, stateful } from "./stateful.js";
export { stateUpdates, updateState } from "../state-updates.js";
export { summarize } from "./summary.js";
export type { PlannedBytes, Summary, SummaryRow } from "./summary-table.js";
export { transformerBlock, type TransformerOptions } from "./transformer.js";

/** Losses are ops of the table under the names that models use. */
export const {
  mse,
  mae,
  huber,
  hinge,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  focal,
  softmaxCrossEntropy,
  negativeLogLikelihood,
  softmaxFocal,
  klDivergence,
} = ops;
