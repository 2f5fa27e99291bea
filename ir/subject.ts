// What messages call a number that is out of range: `gather: index`, or what the checked node says it is.
import type { Attrs, Node } from "./node.js";
import { opNamed } from "./op-names.js";

/**
 * The op and the noun of a message about a checked number of `node`: its attribute `what` (`softmaxCrossEntropy: label`).
 * An op mapped over a batch speaks for itself.
 */
export function subjectOf({ op, attrs }: Pick<Node, "op" | "attrs">): { readonly op: string; readonly noun: string } {
  if (typeof attrs.op === "string" && attrs.mapped) {
    return subjectOf({ op: opNamed(attrs.op), attrs: attrs.attrs as Attrs });
  }
  const [name, noun] = typeof attrs.what === "string" ? attrs.what.split(": ") : [op.name, "index"];
  return { op: name!, noun: noun ?? "index" };
}
