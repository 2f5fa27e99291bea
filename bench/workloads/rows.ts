// Softmax and layer norm of rows, and a transformer block of width 128 with 4 heads and 512 features inside.
import type { Network } from "../task.js";

export const softened = (rows: number, columns: number): Network => ({
  kind: "network",
  input: [rows, columns],
  layers: [{ kind: "softmax" }],
});

export const normalized = (rows: number, columns: number): Network => ({
  kind: "network",
  input: [rows, columns],
  layers: [{ kind: "layerNorm", width: columns }],
});

/** A forward pass, or a step of Adam on the mean squared error. */
export const transformer = (batch: number, places: number, training: boolean): Network => ({
  kind: "network",
  input: [batch, places, 128],
  layers: [{ kind: "transformer", width: 128, heads: 4, hidden: 512 }],
  ...(training && { training: { target: "numbers", optimizer: { kind: "adam", lr: 0.001 } } as const }),
});
