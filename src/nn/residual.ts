// Residual connections (He et al., 2016).
import { ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { printType } from "#ir/type.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";
import { asLayer, type Stage } from "./sequential.js";

/** `x + inner(x)`. Its calls throw a ShapeError where the two are not of one type. */
export function residual(inner: Stage, options: { readonly name?: string } = {}): Layer {
  const layer = asLayer(inner);
  const { parameters } = layer;
  const info = { name: nextName("residual", options.name), kind: "residual", parameters, layers: [layer] };
  return defineLayer(info, (x, call) => {
    const y = layer(x, call);
    const [before, after] = [printType(x.type), printType(y.type)];
    if (before !== after) {
      const what = `${info.name}: ${layer.name} makes ${after} of ${before}, which cannot be added to it`;
      throw atUserLine(() => new ShapeError(what));
    }
    return x.add(y);
  });
}
