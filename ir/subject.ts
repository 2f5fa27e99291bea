// What messages call a number that is out of range: `gather: index`, or what the checked node says it is.
import type { Node } from "./node.js";

/** The op and the noun of a message about a checked number of `node`: its attribute `what` (`softmaxCrossEntropy: label`). */
export function subjectOf({ op, attrs }: Pick<Node, "op" | "attrs">): { readonly op: string; readonly noun: string } {
  const [name, noun] = typeof attrs.what === "string" ? attrs.what.split(": ") : [op.name, "index"];
  return { op: name!, noun: noun ?? "index" };
}
