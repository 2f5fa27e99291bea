// What happens to a contraction's sums: the element-by-element work of its group, and the stores of what leaves it.
import { add, type Expr, indexLocal, literal, load, local, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { type ContractionAxes, decode, product } from "./contraction-axes.js";
import { elementOf } from "./element.js";
import { emitLoops, type Loop, type Root } from "./emit-loops.js";
import { epilogueOf } from "./epilogue.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { substitute } from "./rewrite-expr.js";
import { rejoin } from "./rejoin.js";

/** An epilogue with more operations than this is emitted once per tile, not once per row. */
const largeCost = 8;

/** Where a tile's sums belong. */
export interface Place {
  readonly own: ReadonlyMap<string, Expr>;
  readonly firstColumn: Expr;
  /** The lanes of the sums, of which the first `width` are stored. */
  readonly lane: Local;
  readonly width: number;
}

/** What is stored of any row at a place, over the locals that stand for the row and for its sum. */
interface RowRoots {
  readonly stored: Local;
  readonly position: Local;
  readonly sum: Local;
  readonly roots: readonly Root[];
}

export class ContractionEpilogue {
  /** Whether it is too large to be written out for every row. */
  readonly #large: boolean;
  readonly #atPlace = new WeakMap<Place, RowRoots>();

  constructor(
    readonly group: Group,
    readonly node: Node,
    readonly axes: Pick<ContractionAxes, "rows" | "columns" | "column">,
    readonly escapes: (node: Node) => boolean,
    readonly buffers: KernelBuffers,
  ) {
    this.#large = group.nodes.reduce((sum, n) => sum + (n === node ? 0 : elementOf(n).cost), 0) > largeCost;
  }

  /**
   * A tile whose sums are in the registers `names`: row by row from there, or from memory in a loop where much is to be done.
   * Where `apart` is said the registers belong to one row, so many columns apart.
   */
  finish(tile: Place, row: Expr, names: readonly string[], apart: number | null = null): readonly Stmt[] {
    const { lane } = tile;
    const { dtype } = this.node.results[0]!.type;
    const storesOf = (i: Expr, sum: Expr, loops: readonly Loop[]) =>
      apart === null
        ? this.stores(tile, add(row, i), sum, loops)
        : this.stores({ ...tile, firstColumn: add(tile.firstColumn, mul(i, literal(apart))) }, row, sum, loops);
    if (!this.#large || names.length === 1) {
      return names.flatMap((name, i) => storesOf(literal(i), load(name, lane, dtype), []));
    }
    const spilt = this.buffers.fresh("tile");
    const place = (i: Expr) => add(mul(i, literal(lane.extent!)), lane);
    const spill = names.map((name, i) => storeAt(spilt, place(literal(i)), load(name, lane, dtype)));
    const line = indexLocal(this.buffers.fresh("i"), names.length);
    return [
      scratchOf(spilt, dtype, names.length * lane.extent!),
      ...emitLoops([vector(lane)], spill, this.buffers),
      ...storesOf(line, load(spilt, place(line), dtype), [serial(line)]),
    ];
  }

  /** Stores of everything in the group that leaves it, for a row of a tile whose sum in a lane is `sum`. */
  stores(place: Place, row: Expr, sum: Expr, lines: readonly Loop[]): readonly Stmt[] {
    let any = this.#atPlace.get(place);
    if (!any) this.#atPlace.set(place, (any = this.#rootsAt(place)));
    const { stored, position } = any;
    const here = new Map<string, Expr>([
      [position.name, row],
      [any.sum.name, substitute(sum, new Map([[place.lane.name, stored]]))],
    ]);
    const placed = new Map<Expr, Expr>();
    const at = (x: Expr) => substitute(x, here, placed);
    const roots = any.roots.map((root) => ({ ...root, value: at(root.value), offset: at(root.offset!) }));
    return emitLoops([...lines, { local: stored, extent: literal(place.width), as: "vector" }], roots, this.buffers);
  }

  #rootsAt({ own, firstColumn, lane, width }: Place): RowRoots {
    const { columns, column, rows } = this.axes;
    const position = indexLocal("row", product(rows));
    const sum = local("sum", this.node.results[0]!.type.dtype);
    const stored = width === lane.extent ? lane : indexLocal(this.buffers.fresh("j"), width);
    const locals = new Map([...own, ...decode(rows, position), ...decode(columns, column)]);
    const here = new Map<string, Expr>([[column.name, add(firstColumn, stored)]]);
    const [joined, placed] = [new Map<Expr, Expr>(), new Map<Expr, Expr>()];
    const place = (x: Expr) => substitute(rejoin(x, joined), here, placed);
    const roots = this.#roots(locals, sum).map((root) => ({
      ...root,
      value: place(root.value),
      offset: place(root.offset!),
    }));
    return { stored, position, sum, roots };
  }

  #roots(own: ReadonlyMap<string, Expr>, sum: Expr): readonly Root[] {
    const { index: axes } = elementOf(this.node);
    const at = this.group.rows.get(this.node)!.map((axis) => own.get(axes[axis]!.name)!);
    return epilogueOf(this.group, this.node, at, sum, this.escapes, this.buffers);
  }
}
