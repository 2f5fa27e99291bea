// Writes an einsum with diagonals, sums, transpositions and contractions of two.
import type { Operand } from "../node.js";
import { contract } from "../ops/einsum.js";
import { reshape, transpose } from "../ops/movement.js";
import { sum } from "../ops/reductions.js";
import { diagonal } from "../ops/triangles.js";
import { evaluateSize, namesIn, type Size } from "../size.js";
import { contractionOrder, type Order } from "./contraction-order.js";
import { type Equation, isCovered, readEquation } from "./equation.js";

/** A tensor whose axes have distinct labels. */
interface Factor {
  readonly x: Operand;
  readonly labels: readonly string[];
}

/** What a named size is taken for where the order is chosen: it is seldom small. */
const namedSizeGuess = 1024;
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The result of an einsum of these operands. */
export function expandEinsum(text: string, operands: readonly Operand[]): Operand {
  const equation = readEquation(text, operands.map((x) => x.type)); // prettier-ignore
  const { result, sizes } = equation;
  const factors = operands.map((x, i) => withDistinctLabels({ x, labels: equation.operands[i]! }, sizes));
  const alone = factors.map((factor, i) => {
    const others = factors.filter((_, j) => j !== i).flatMap((other) => other.labels);
    return summed(factor, (label) => result.includes(label) || others.includes(label));
  });
  const order = contractionOrder(
    alone.map((factor) => factor.labels),
    result,
    (label) => estimate(sizes.get(label)!),
  );
  const whole = contracted(order, alone, new Set(result), equation);
  return reordered(whole, result).x;
}

function estimate(size: Size): number {
  return evaluateSize(size, Object.fromEntries(namesIn(size).map((name) => [name, namedSizeGuess])));
}

/** Diagonals in place of repeated labels; axes of size 1 that an ellipsis broadcasts are dropped. */
function withDistinctLabels({ x, labels }: Factor, sizes: Equation["sizes"]): Factor {
  const repeated = labels.find((label, axis) => labels.indexOf(label) !== axis);
  if (repeated !== undefined) {
    const [first, second] = [labels.indexOf(repeated), labels.indexOf(repeated, labels.indexOf(repeated) + 1)];
    const rest = labels.filter((_, axis) => axis !== first && axis !== second);
    return withDistinctLabels({ x: diagonal(x, first, second), labels: [...rest, repeated] }, sizes);
  }
  const stays = labels.map((label, axis) => !isCovered(label) || sizes.get(label) === 1 || x.type.shape[axis] !== 1);
  if (stays.every(Boolean)) return { x, labels };
  const shape = x.type.shape.filter((_, axis) => stays[axis]);
  return { x: reshape(x, shape), labels: labels.filter((_, axis) => stays[axis]) };
}

/** The factor summed over the labels that are not needed. */
function summed({ x, labels }: Factor, needed: (label: string) => boolean): Factor {
  const axes = labels.flatMap((label, axis) => (needed(label) ? [] : [axis]));
  return axes.length === 0 ? { x, labels } : { x: sum(x, axes), labels: labels.filter(needed) };
}

/** The product of the factors in `order`, with the labels that are `needed` outside. */
function contracted(order: Order, factors: readonly Factor[], needed: ReadonlySet<string>, equation: Equation): Factor {
  if (typeof order === "number") return factors[order]!;
  const inside = (part: Order): readonly number[] => (typeof part === "number" ? [part] : part.flatMap(inside));
  const labelsIn = (part: Order) => inside(part).flatMap((i) => factors[i]!.labels);
  const [left, right] = [0, 1].map((side) => {
    const outside = new Set([...needed, ...labelsIn(order[1 - side]!)]);
    return contracted(order[side]!, factors, outside, equation);
  });
  return pair(left!, right!, needed, equation);
}

/** Two factors contracted: in the order of the result where that leaves a column to run along, else batches first. */
function pair(a: Factor, b: Factor, needed: ReadonlySet<string>, { result, sizes }: Equation): Factor {
  const kept = [...new Set([...a.labels, ...b.labels])].filter((label) => needed.has(label));
  const shared = (label: string) => a.labels.includes(label) && b.labels.includes(label);
  const last = result.findLast((label) => sizes.get(label) !== 1);
  const isResult = kept.length === result.length && result.every((label) => kept.includes(label));
  const asResult = isResult && (last === undefined || !shared(last));
  const labels = asResult
    ? result
    : [
        ...kept.filter(shared),
        ...kept.filter((l) => !shared(l) && a.labels.includes(l)),
        ...kept.filter((l) => !shared(l) && b.labels.includes(l)),
      ];
  const names = [...new Set([...a.labels, ...b.labels])];
  const spell = (list: readonly string[]) => list.map((label) => letters[names.indexOf(label)]).join("");
  const equation = `${spell(a.labels)},${spell(b.labels)}->${spell(labels)}`;
  return { x: contract(a.x, b.x, equation), labels };
}

/** The factor with its axes in the order of `labels`. */
function reordered(factor: Factor, labels: readonly string[]): Factor {
  if (labels.every((label, axis) => factor.labels[axis] === label)) return factor;
  return {
    x: transpose(
      factor.x,
      labels.map((label) => factor.labels.indexOf(label)),
    ),
    labels,
  };
}
