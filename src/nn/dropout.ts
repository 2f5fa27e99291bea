// Dropout as a layer (Srivastava et al., 2014).
import { GraphError, placeError } from "#ir/errors.js";
import { captureStack, userOrigin } from "#ir/origin.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";

/**
 * In training, each element is 0 with probability `rate` and divided by `1 − rate` otherwise; in inference x itself. Throws
 * a GraphError where the rate is not in 0 ≤ rate < 1.
 */
export function dropout(rate: number, options: { readonly name?: string } = {}): Layer {
  const name = nextName("dropout", options.name);
  if (!(rate >= 0 && rate < 1)) {
    const error = new GraphError(`${name}: the rate is ${String(rate)}, not in 0 ≤ rate < 1`);
    throw placeError(error, "", [], userOrigin(captureStack().stack));
  }
  const info = { name, kind: "dropout", parameters: [], layers: [] };
  return defineLayer(info, (x, { training }) => (training && rate > 0 ? x.dropout(rate) : x));
}
