// Eager execution: what the rest of the public face uses of it.
import type { DType, TypedArray } from "#ir/dtype.js";
import type { Parameter } from "#ir/node.js";
import { eagerEngine } from "./default-engine.js";
import type { EagerTensor } from "./eager-tensor.js";
import type { EagerStats } from "./engine.js";
import { assignTo, writeTo } from "./parameters.js";

export { eagerEngine } from "./default-engine.js";
export { EagerTensor } from "./eager-tensor.js";
export { EagerEngine, type EagerStats } from "./engine.js";
export { eagerGradient, type EagerGradientOptions } from "./gradient.js";
export { keep, scope } from "./scope.js";
export { parametersOf, recordsBehind, withoutHistory } from "./tape.js";

/** A tensor holding a copy of `data`, in row-major order. Throws GraphError where the numbers do not fill the shape. */
export function eagerFrom(data: TypedArray, shape: readonly number[], dtype: DType): EagerTensor {
  return eagerEngine().from(data, shape, dtype);
}

/** The one eager tensor that stands for a parameter. */
export function parameterTensor(parameter: Parameter): EagerTensor {
  return eagerEngine().parameter(parameter);
}

/** Gives parameters new values, all taken before any is written. Throws ShapeError, DTypeError, and then writes nothing. */
export function assignAll(pairs: readonly (readonly [parameter: Parameter, value: EagerTensor])[]): void {
  assignTo(pairs.map(([parameter, value]) => [parameterTensor(parameter), value] as const));
}

/** Gives a parameter the numbers of an array in row-major order. Throws ShapeError where their count differs. */
export function writeParameter(parameter: Parameter, data: ArrayLike<number>): void {
  writeTo(parameterTensor(parameter), data);
}

/** To be told when a compiled program has written a parameter, so that views of its old value are not used by mistake. */
export function parameterChanged(parameter: Parameter): void {
  eagerEngine().parameterChanged(parameter);
}

/** Launches, compilation and memory of eager execution since the last reset. */
export function eagerStats(): EagerStats {
  return eagerEngine().stats();
}

/** Counts from zero again. */
export function resetEagerStats(): void {
  eagerEngine().resetStats();
}

/** The most bytes eager tensors may hold at once; beyond it a MemoryError is thrown. */
export function setEagerBudget(bytes: number): void {
  eagerEngine().memory.budget = bytes;
}
