// The public face of gradloom.
export { checkGradients, type CheckOptions, GradientReport, type GradientRow } from "./check-gradients.js";
export { compile, type CompileSettings, type Outputs, type Targets } from "./compile.js";
export * as callbacks from "./fit/callbacks.js";
export { cond, whileLoop, type WhileOptions } from "./branches.js";
export { arange, eye, full, linspace, ones, tensor, zeros } from "./creation.js";
export * as data from "./data/index.js";
export {
  type Built,
  defineModel,
  type Figures,
  isModelDefinition,
  type Lazy,
  type ModelData,
  type ModelDefinition,
  type ModelOptions,
  type Predict,
} from "./define-model.js";
export { eagerStats, keep, resetEagerStats, scope, setEagerBudget } from "./eager/eager.js";
export { Executable, type ExecutableOptions, type Result, type Results } from "./executable.js";
export { defineExperiment, type Experiment, type ExperimentRun, type Settings } from "./experiment.js";
export {
  type AllFeeds,
  type AllRows,
  evaluate,
  type EvaluateOptions,
  type Metric,
  type Metrics,
} from "./fit/evaluate.js";
export { fit, type FitOptions } from "./fit/fit.js";
export { type Curve, type EpochRecord, History } from "./fit/history.js";
export type { FitData } from "./fit/sources.js";
export type { Feed, Feeds } from "./feeds.js";
export { type Cotangents, customGradient, type RuleArguments } from "./custom-gradient.js";
export { grad, type Gradients, jvp, type Pulled, type Pushed, vjp } from "./gradients.js";
export { hessian, jacobian } from "./jacobians.js";
export { Graph, type GraphOptions } from "./graph.js";
export type { InputSpec, InputSpecs, InputTensors } from "./input-specs.js";
export { fori, scan, type ScanOptions, type Step, type Turn } from "./loops.js";
export * as metrics from "./metrics/index.js";
export type { Mode } from "./mode.js";
export * as modes from "./modes/index.js";
export { type Evaluated, ModelInstance, type StaticModel } from "./model-instance.js";
export type { SummaryOptions } from "./model-summary.js";
export * as nn from "./nn/index.js";
export { ops } from "./ops.js";
export * as plots from "./plots/index.js";
export * as random from "./randomness.js";
export * as optim from "./optim/index.js";
export { Parameter, parameter, type ParameterOptions } from "./parameter.js";
export { type Picture, type Report, SilentReport } from "./report.js";
export type { Broadcast, Dim, Matmul, Reduce, Refuse, Shape } from "./shapes.js";
export type { Rematerialization } from "./rematerialization.js";
export { type ArrayOf, type Nested, Tensor } from "./tensor.js";
export type { Reshaped, TensorTree } from "./tensor-trees.js";
export { type BatchAxis, vmap, type VmapOptions } from "./vmap.js";
export type { DType, TypedArray } from "#ir/dtype.js";
export {
  DataError,
  DisposedError,
  DTypeError,
  FeedError,
  GradientError,
  GraphError,
  InternalError,
  MemoryError,
  ParseError,
  RunError,
  ShapeError,
} from "#ir/errors.js";
export type { Observer } from "#passes/pass.js";
export { defaultDevice, Device, type DeviceOptions } from "#runtime/device.js";
