// The parts that the axes of a contraction play. Axes of the result that only the left factor has are its rows, axes that
// only the right one has its columns, along which vectors run; axes of both are batches. Columns may stand for several
// axes: all that memory walks as one, and neighbours where the last axis alone is too short for vectors.
import { type Expr, floorDiv, floorMod, indexLocal, literal, type Local } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import type { ContractionFacts } from "./contraction-schedule.js";
import { elementOf, overAccesses } from "./element.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { rejoin } from "./rejoin.js";
import { coefficient, mentions, substitute } from "./rewrite-expr.js";

export interface ContractionAxes {
  /** Over loads, in the node's own locals, those of size 1 put in as 0; but for the rows, which are `row`. */
  readonly left: Expr;
  /** The same, but for the columns, which are `column`. */
  readonly right: Expr;
  readonly rows: readonly Local[];
  /** Stands for all rows: their row-major position. */
  readonly row: Local;
  readonly columns: readonly Local[];
  /** Stands for all columns: their row-major position. */
  readonly column: Local;
  /** Axes that a panel of columns belongs to: batches, and columns that stand for themselves. */
  readonly outer: readonly Local[];
  readonly over: readonly Local[];
  /** Whether neighbouring columns of the right factor lie side by side in memory. */
  readonly contiguous: boolean;
}

/** A last axis of at least so many columns is left alone where it is contiguous. */
const longEnough = 12;
/** The part of the lanes that do something; columns that fill less take further axes in. */
const wellFilled = 0.85;
/** So many terms must be summed for stores to places far apart to cost little. */
const longSum = 64;

export function contractionAxes(node: Node, buffers: KernelBuffers): ContractionAxes {
  const { index, over, factors } = elementOf(node);
  const axes = index.filter((l) => l.extent !== 1);
  const last = axes[axes.length - 1]!;
  const [l, r] = mentions(factors![1], last) ? factors! : [factors![1], factors![0]];
  const ones = new Map([...index, ...over].filter((x) => x.extent === 1).map((x) => [x.name, literal(0)]));
  const [left, bare] = [l, r].map((x) => substitute(buffers.loaded(overAccesses(x, node)), ones)) as [Expr, Expr];
  const onlyRight = axes.filter((x) => !mentions(l, x));
  const summed = over.filter((x) => x.extent !== 1);
  const withColumns = (columns: readonly Local[]) => {
    const column = indexLocal(`c${node.id}`, product(columns));
    const right = rejoin(substitute(bare, decode(columns, column)));
    return { columns, column, right, contiguous: right.kind === "load" && coefficient(right.offset, column) === 1 };
  };
  const chosen = withColumns(chooseColumns(axes, onlyRight, product(summed), (c) => withColumns(c).contiguous));
  const rows = axes.filter((x) => !mentions(r, x));
  const row = indexLocal(`r${node.id}`, product(rows));
  return {
    ...chosen,
    left: rejoin(substitute(left, decode(rows, row))),
    rows,
    row,
    outer: axes.filter((x) => mentions(r, x) && !chosen.columns.includes(x)),
    over: summed,
  };
}

function chooseColumns(
  axes: readonly Local[],
  onlyRight: readonly Local[],
  terms: number,
  contiguous: (columns: readonly Local[]) => boolean,
): readonly Local[] {
  const alone = axes.slice(-1);
  const start = axes.findLastIndex((x) => !onlyRight.includes(x)) + 1;
  const neighbours = axes.slice(start);
  if (neighbours.length > 1 && contiguous(neighbours)) return neighbours;
  if (contiguous(alone) && (alone[0]!.extent! >= longEnough || onlyRight.length === 1)) return alone;
  let columns = neighbours;
  const others = onlyRight.filter((x) => !neighbours.includes(x));
  while (others.length > 0 && terms >= longSum && filled(product(columns)) < wellFilled) {
    columns = [others.pop()!, ...columns];
  }
  return columns;
}

/** How much of whole tiles of eight columns there is. */
function filled(columns: number): number {
  return columns / (8 * Math.ceil(columns / 8));
}

/** What the schedule is chosen from. */
export function contractionFacts(axes: ContractionAxes, item: number): ContractionFacts {
  const { left, right, rows, row, over } = axes;
  const inner = over.at(-1);
  const step = (x: Expr, along: Local | undefined) =>
    along && x.kind === "load" ? coefficient(x.offset, along) : null;
  return {
    rows: product(rows),
    columns: axes.column.extent!,
    terms: product(over),
    innerTerms: inner?.extent ?? 1,
    batches: product(axes.outer),
    item,
    contiguous: axes.contiguous,
    rightStep: step(right, inner),
    leftStep: step(left, inner),
    leftRowStep: step(left, row),
  };
}

/** The axes' indices at a row-major position. */
export function decode(axes: readonly Local[], position: Expr): Map<string, Expr> {
  const out = new Map<string, Expr>();
  let rest = position;
  axes.toReversed().forEach((axis, i) => {
    out.set(axis.name, i === axes.length - 1 ? rest : floorMod(rest, axis.extent!));
    rest = floorDiv(rest, axis.extent!);
  });
  return out;
}

export function product(axes: readonly Local[]): number {
  return axes.reduce((n, x) => n * x.extent!, 1);
}
