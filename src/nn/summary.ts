// What a model consists of: a row per layer, found by calling it on a symbolic tensor.
import type { DType } from "#ir/dtype.js";
import { printType } from "#ir/type.js";
import { Graph } from "../graph.js";
import type { Dim } from "../shapes.js";
import type { Tensor } from "../tensor.js";
import { type LayerInfo, observeLayers } from "./layer.js";

/** A layer as a table shows it. */
export interface SummaryRow {
  readonly name: string;
  readonly kind: string;
  /** `f32[batch,128]`. */
  readonly output: string;
  /** The number of trained numbers. */
  readonly parameters: number;
}

/** The layers that compute, in the order of their calls, for an input of a shape. */
export function summarize(
  model: (x: Tensor) => Tensor,
  shape: readonly Dim[],
  dtype: DType = "f32",
): readonly SummaryRow[] {
  return summarizeCalls(() => model(new Graph("summary").input("x", shape, dtype)));
}

/** The layers that compute among those that `build` calls. */
export function summarizeCalls(build: () => unknown): readonly SummaryRow[] {
  const rows: SummaryRow[] = [];
  observeLayers((layer, _, output) => {
    if (layer.layers.length === 0) rows.push(rowOf(layer, output));
  }, build);
  return rows;
}

function rowOf(layer: LayerInfo, output: Tensor): SummaryRow {
  const parameters = layer.parameters.reduce((sum, p) => sum + (p.trainable ? p.count : 0), 0);
  return { name: layer.name, kind: layer.kind, output: printType(output.type), parameters };
}
