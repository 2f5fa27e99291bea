// Pooling layers on `[batch, channels, …]`: nothing is trained, they only stand in a chain of layers.
import type { MeanPoolOptions, PoolOptions } from "#ir/pooling.js";
import type { PerAxis } from "#ir/window.js";
import { ops } from "../ops.js";
import type { Tensor } from "../tensor.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";

interface Named {
  readonly name?: string;
}
type MakePool<O> = (size: PerAxis, options?: O & Named) => Layer;
type PoolOp = (x: Tensor, size: PerAxis, options: object) => Tensor;

function poolLayers<O extends object>(kind: string, op: PoolOp): MakePool<O> {
  return (size, options) => {
    const { name, ...slide } = (options ?? {}) as Named;
    return plain(kind, name, (x) => op(x, size, slide));
  };
}

function plain(kind: string, name: string | undefined, forward: (x: Tensor) => Tensor): Layer {
  return defineLayer({ name: nextName(kind, name), kind, parameters: [], layers: [] }, forward);
}

/** The largest of each window of one axis; `size` is also the stride where nothing is said. */
export const maxPool1d: MakePool<PoolOptions> = poolLayers("maxPool1d", ops.maxPool1d as PoolOp);
/** The largest of each window of two axes; `size` is also the stride where nothing is said. */
export const maxPool2d: MakePool<PoolOptions> = poolLayers("maxPool2d", ops.maxPool2d as PoolOp);
/** The largest of each window of three axes; `size` is also the stride where nothing is said. */
export const maxPool3d: MakePool<PoolOptions> = poolLayers("maxPool3d", ops.maxPool3d as PoolOp);
/** The mean of each window of one axis; `size` is also the stride where nothing is said. */
export const meanPool1d: MakePool<MeanPoolOptions> = poolLayers("meanPool1d", ops.meanPool1d as PoolOp);
/** The mean of each window of two axes; `size` is also the stride where nothing is said. */
export const meanPool2d: MakePool<MeanPoolOptions> = poolLayers("meanPool2d", ops.meanPool2d as PoolOp);
/** The mean of each window of three axes; `size` is also the stride where nothing is said. */
export const meanPool3d: MakePool<MeanPoolOptions> = poolLayers("meanPool3d", ops.meanPool3d as PoolOp);

/** The mean over all spatial axes: `[batch, channels, …]` becomes `[batch, channels]`. */
export function globalMeanPool(options: Named = {}): Layer {
  return plain("globalMeanPool", options.name, (x) => x.globalMeanPool());
}

/** The largest over all spatial axes: `[batch, channels, …]` becomes `[batch, channels]`. */
export function globalMaxPool(options: Named = {}): Layer {
  return plain("globalMaxPool", options.name, (x) => x.globalMaxPool());
}

/** Means of as many bins per spatial axis as `size` says, whatever the size of the input. */
export function adaptiveMeanPool(size: PerAxis, options: Named = {}): Layer {
  return plain("adaptiveMeanPool", options.name, (x) => x.adaptiveMeanPool(size));
}
