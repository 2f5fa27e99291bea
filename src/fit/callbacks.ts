// The namespace `callbacks`: what takes part in `fit`.
export type { Callback, CallbackLike, CallbackState } from "./callback.js";
export { type CheckpointOptions, checkpoints } from "./checkpoints.js";
export { earlyStopping, type EarlyStoppingOptions } from "./early-stopping.js";
export { csvLog, jsonLog } from "./logs.js";
export type { MonitorOptions } from "./monitor.js";
export { progressBar, type ProgressOptions } from "./progress-bar.js";
export { type PlateauOptions, reduceOnPlateau } from "./reduce-on-plateau.js";
export type { Run } from "./run.js";
