// Names of parameters by their place in a model: `encoder/block1/dense1/weight`. They follow from the structure alone, so
// two models made alike have the same names, whatever was made before them.
import { GraphError, placeError } from "#ir/errors.js";
import { captureStack, userOrigin } from "#ir/origin.js";
import { Parameter } from "../parameter.js";
import { Tensor } from "../tensor.js";
import { isLayer, type LayerInfo } from "./layer.js";

/**
 * The parameters of a model by path: a layer, a parameter, or records and arrays of them, whose keys begin the paths.
 * A layer is called by the name it was given, or else by its kind and its number among its siblings (`dense2`); a
 * parameter in a list by its own name. What is shared has the path where it stands first. Throws a GraphError where two
 * parameters have one path.
 */
export function namedParameters(model: unknown): ReadonlyMap<string, Parameter> {
  const found = new Map<string, Parameter>();
  const seen = new Set<unknown>();
  const visit = (path: string, part: unknown): void => {
    if (seen.has(part) || !canHold(part)) return;
    seen.add(part);
    if (!(part instanceof Parameter))
      return partsOf(part).forEach(([name, x]) => visit(path ? `${path}/${name}` : name, x));
    const name = path || part.name;
    if (found.has(name)) {
      const help = "give their layers different names, or stand them in a record: { encoder, decoder }";
      const error = new GraphError(`namedParameters: two parameters have the path "${name}"`, { help });
      throw placeError(error, "", [], userOrigin(captureStack().stack));
    }
    found.set(name, part);
  };
  visit("", model);
  return found;
}

/**
 * The parameters of a model that an optimiser may train, without those of `frozen`: for `minimize(loss, parameters)`. Throws
 * a GraphError where `frozen` has parameters that the model has not.
 */
export function parametersExcept(model: unknown, ...frozen: readonly unknown[]): readonly Parameter[] {
  const all = [...namedParameters(model).values()];
  const without = new Set(frozen.flatMap((part) => [...namedParameters([part]).values()]));
  const stranger = [...without].find((p) => !all.includes(p));
  if (stranger) {
    const error = new GraphError(`parametersExcept: the model has no parameter ${stranger.name}`);
    throw placeError(error, "", [], userOrigin(captureStack().stack));
  }
  return all.filter((p) => p.trainable && !without.has(p));
}

function canHold(part: unknown): part is object {
  if (part instanceof Parameter || isLayer(part)) return true;
  return typeof part === "object" && part !== null && !(part instanceof Tensor) && !ArrayBuffer.isView(part);
}

type Named = readonly [name: string, part: unknown];

function partsOf(part: object): readonly Named[] {
  if (isLayer(part)) return part.parts ? Object.entries(part.parts) : partsOfLayer(part);
  if (part instanceof Map) return [...(part as Map<unknown, unknown>)].map(([key, x]) => [String(key), x]);
  if (Array.isArray(part)) return namedLayers(part as readonly unknown[], "");
  return Object.entries(part);
}

function partsOfLayer(layer: LayerInfo): readonly Named[] {
  const ofChildren = new Set(layer.layers.flatMap((child) => child.parameters));
  const own = layer.parameters.filter((p) => !ofChildren.has(p));
  const names = own.map((p): Named => [p.name.slice(p.name.lastIndexOf("/") + 1), p]);
  return [...names, ...namedLayers(layer.layers, layer.name)];
}

/** Elements of a list with their names: layers by name or kind, the rest by index. */
function namedLayers(list: readonly unknown[], parent: string): readonly Named[] {
  const counts = new Map<string, number>();
  return list.map((part, i): Named => {
    if (part instanceof Parameter) return [part.name, part];
    if (!isLayer(part)) return [String(i), part];
    const own = part.name.startsWith(`${parent}/`) ? part.name.slice(parent.length + 1) : part.name;
    const counted = own.startsWith(part.kind) && /^\d+$/.test(own.slice(part.kind.length));
    if (!counted) return [own, part];
    const count = (counts.get(part.kind) ?? 0) + 1;
    counts.set(part.kind, count);
    return [`${part.kind}${count}`, part];
  });
}
