// Optimisers, what wraps them, schedules of the learning rate and the processing of gradients.
export { accumulate } from "./accumulate.js";
export { adadelta, type AdadeltaOptions } from "./adadelta.js";
export { adagrad, type AdagradOptions } from "./adagrad.js";
export { adam, type AdamOptions, adamW } from "./adam.js";
export { adamax, type AdamaxOptions } from "./adamax.js";
export { type Clip, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "./clipping.js";
export { type CommonOptions, defineOptimizer } from "./define-optimizer.js";
export { type AveragingOptimizer, ema } from "./ema.js";
export { lion, type LionOptions } from "./lion.js";
export type { Optimizer, StepArguments, TakeStep, Updates } from "./optimizer.js";
export { rmsprop, type RmspropOptions } from "./rmsprop.js";
export type { Rate, Rule, RuleArguments, Schedule } from "./rule.js";
export * as schedules from "./schedules.js";
export { momentum, type MomentumOptions, sgd, type SgdOptions } from "./sgd.js";
