// Residual connections (He et al., 2016).
import { ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { printType } from "#ir/type.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";
import { asLayer, type Stage } from "./sequential.js";

/** What a residual connection takes. */
export interface ResidualOptions {
  /** What the input passes on its way past `inner`, where that changes its shape; nothing where nothing is said. */
  readonly shortcut?: Stage;
  readonly name?: string;
}

/** `x + inner(x)`, or `shortcut(x) + inner(x)`. Its calls throw a ShapeError where the two are not of one type. */
export function residual(inner: Stage, options: ResidualOptions = {}): Layer {
  const layer = asLayer(inner);
  const shortcut = options.shortcut && asLayer(options.shortcut);
  const layers = shortcut ? [layer, shortcut] : [layer];
  const parameters = [...new Set(layers.flatMap((one) => one.parameters))];
  const info = { name: nextName("residual", options.name), kind: "residual", parameters, layers };
  return defineLayer(info, (x, call) => {
    const y = layer(x, call);
    const past = shortcut ? shortcut(x, call) : x;
    const [before, after] = [printType(past.type), printType(y.type)];
    if (before !== after) {
      const what = shortcut ? `what ${shortcut.name} makes of it, ${before}` : "it";
      throw atUserLine(
        () =>
          new ShapeError(
            `${info.name}: ${layer.name} makes ${after} of ${printType(x.type)}, which cannot be added to ${what}`,
          ),
      );
    }
    return past.add(y);
  });
}
