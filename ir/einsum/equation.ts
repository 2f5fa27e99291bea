// Equations of einsum, read: `"...ij,jk->...ik"` as labels of the axes of operands and result, and the size of every label.
import { GraphError, ShapeError } from "../errors.js";
import { printShape, printSize, sameSize, type Size } from "../size.js";
import type { TensorType } from "../type.js";

/** Labels axis by axis. An axis under an ellipsis is called `…` and its number, counted from the right. */
export interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
  readonly sizes: ReadonlyMap<string, Size>;
}

/**
 * The equation of operands of these types. Without `->` the result has the axes of the ellipsis and then, in alphabetical
 * order, the labels that occur once, as in NumPy. Axes under an ellipsis broadcast, others must agree. Throws GraphErrors
 * about the text and ShapeErrors that name labels and sizes.
 */
export function readEquation(text: string, types: readonly TensorType[]): Equation {
  const [left, right, ...more] = text.replaceAll(" ", "").split("->");
  if (more.length > 0) throw new GraphError(`"${text}" has more than one arrow`);
  const terms = left!.split(",");
  if (terms.length !== types.length) {
    throw new GraphError(`"${text}" has ${terms.length} operands, but ${types.length} are given`);
  }
  const operands = terms.map((term, i) => labelsOf(term, types[i]!, i));
  const sizes = sizesOf(operands, types);
  const found = [...sizes.keys()];
  const ellipsis = found.filter(isCovered).sort((a, b) => (Number(a.slice(1)) < Number(b.slice(1)) ? 1 : -1));
  if (right === undefined) return { operands, result: [...ellipsis, ...once(operands)], sizes };
  const parts = tokens(right);
  const result = parts.flatMap((part) => (part === "..." ? ellipsis : [part]));
  result.forEach((label, i) => {
    if (!sizes.has(label)) throw new GraphError(`the result has the label ${label}, which no operand has`);
    if (result.indexOf(label) !== i) throw new GraphError(`the result has the label ${label} twice`);
  });
  return { operands, result, sizes };
}

/** Whether a label stands for an axis under an ellipsis. */
export function isCovered(label: string): boolean {
  return label.startsWith("…");
}

/** Letters and at most one ellipsis. */
function tokens(term: string): readonly string[] {
  const found = term.match(/\.\.\.|./gu) ?? [];
  const wrong = found.find((token) => token !== "..." && !/^[A-Za-z]$/.test(token));
  if (wrong !== undefined) throw new GraphError(`"${wrong}" in "${term}" is no label: labels are letters`);
  if (found.filter((token) => token === "...").length > 1) throw new GraphError(`"${term}" has two ellipses`);
  return found;
}

function labelsOf(term: string, { shape }: TensorType, operand: number): readonly string[] {
  const parts = tokens(term);
  const covered = parts.includes("...") ? shape.length - (parts.length - 1) : 0;
  if (covered < 0 || (!parts.includes("...") && parts.length !== shape.length)) {
    throw new ShapeError(`operand ${operand + 1} has shape ${printShape(shape)}, which "${term}" does not label`);
  }
  const ellipsis = Array.from({ length: covered }, (_, i) => `…${covered - 1 - i}`);
  return parts.flatMap((part) => (part === "..." ? ellipsis : [part]));
}

function sizesOf(operands: readonly (readonly string[])[], types: readonly TensorType[]): ReadonlyMap<string, Size> {
  const sizes = new Map<string, Size>();
  const from = new Map<string, number>();
  operands.forEach((labels, operand) => {
    labels.forEach((label, axis) => {
      const size = types[operand]!.shape[axis]!;
      const known = sizes.get(label);
      if (known === undefined || (isCovered(label) && known === 1)) {
        sizes.set(label, size);
        from.set(label, operand);
      } else if (!sameSize(known, size) && !(isCovered(label) && size === 1)) {
        const what = isCovered(label) ? "an axis under the ellipsis" : `label ${label}`;
        throw new ShapeError(
          `${what} has size ${printSize(known)} in operand ${from.get(label)! + 1} but ${printSize(size)} in operand ${operand + 1}`,
        );
      }
    });
  });
  return sizes;
}

/** The labels that occur once in all operands, in alphabetical order. */
function once(operands: readonly (readonly string[])[]): readonly string[] {
  const all = operands.flat();
  return all.filter((label) => !isCovered(label) && all.indexOf(label) === all.lastIndexOf(label)).sort();
}
