// Optimisers.
export { adam, type AdamOptions } from "./adam.js";
export { defineOptimizer, type Optimizer, type Updates } from "./optimizer.js";
export type { Rate, Rule, RuleArguments } from "./rule.js";
export { momentum, type MomentumOptions, sgd, type SgdOptions } from "./sgd.js";
