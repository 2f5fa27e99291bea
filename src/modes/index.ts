// The namespace `modes`: both modes of a model, measured and compared.
export { compareModes, type Comparison } from "./comparison.js";
export type { MeasureOptions, Measurement } from "./measure.js";
export { measureScript } from "./measure-script.js";
