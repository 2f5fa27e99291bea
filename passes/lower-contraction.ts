// Lowers a contraction and the element-by-element work on its result: tiles of the result in registers, a panel of the
// right factor packed where its layout does not suit vectors, and the rest of the group as the tile's epilogue.
//
// Axes of the result that only one factor has are its rows (left) or columns (right, with the last axis, along which
// vectors run); axes of both are batches. Factors are any expressions over any index maps: transposes, windows and
// guards cost nothing more than their index arithmetic.
import {
  add,
  call,
  eq,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  load,
  type Local,
  mul,
  sub,
} from "#ir/expr.js";
import type { Space, Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { countOf, elementOf, linearIndex, resolveReads } from "./element.js";
import { emitLoops, type Loop, type Root } from "./emit-loops.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { coefficient, isAccess, mentions, rewriteExpr, substitute } from "./rewrite-expr.js";

/** Rows and columns of a register tile: eight accumulators of four f32 lanes or two f64 lanes each. */
const tileRows = 4;
const tileBytes = 32;
/** Rows that one iteration of the space computes, so that a packed panel is used often. */
const rowsPerChunk = 128;
/** A right factor larger than this is packed although it is contiguous: its rows lie too far apart. */
const farBytes = 512 * 1024;
const maxPanelBytes = 256 * 1024;
/** An epilogue with more operations than this is emitted once per tile, not once per row. */
const largeEpilogue = 8;

/** The group as parallel spaces of its kernel: full tiles, and the columns left over. */
export function lowerContraction(
  group: Group,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
): readonly Space[] {
  const node = group.nodes.find((n) => elementOf(n).role === "contraction")!;
  const lowering = new ContractionLowering(group, node, escapes, buffers);
  const size = node.results[0]!.type.dtype === "f64" ? 8 : 4;
  const width = Math.min(tileBytes / size, lowering.columns);
  const rest = lowering.columns % width;
  const full = lowering.space(width, 0, (lowering.columns - rest) / width);
  return rest === 0 ? [full] : [full, lowering.space(rest, lowering.columns - rest, 1)];
}

class ContractionLowering {
  readonly columns: number;
  readonly #column: Local;
  readonly #outer: readonly Local[];
  readonly #rows: readonly Local[];
  readonly #over: readonly Local[];
  readonly #left: Expr;
  readonly #right: Expr;
  readonly #rowCount: number;

  constructor(
    readonly group: Group,
    readonly node: Node,
    readonly escapes: (node: Node) => boolean,
    readonly buffers: KernelBuffers,
  ) {
    const { index, over, factors } = elementOf(node);
    const [a, b] = factors!;
    const axes = index.filter((l) => l.extent !== 1);
    this.#column = axes[axes.length - 1]!;
    const [left, right] = mentions(b, this.#column) ? [a, b] : [b, a];
    this.#left = this.buffers.loaded(resolveReads(left, node, () => false));
    this.#right = this.buffers.loaded(resolveReads(right, node, () => false));
    this.#rows = axes.filter((l) => !mentions(right, l));
    this.#outer = axes.filter((l) => l !== this.#column && mentions(right, l));
    this.#over = over.filter((l) => l.extent !== 1);
    this.columns = this.#column.extent!;
    this.#rowCount = this.#rows.reduce((n, l) => n * l.extent!, 1);
  }

  /** `tiles` tiles of `width` columns each, from column `start` on. */
  space(width: number, start: number, tiles: number): Space {
    const chunk = Math.min(rowsPerChunk, this.#rowCount);
    const chunks = Math.ceil(this.#rowCount / chunk);
    const over = indexLocal(
      "p",
      this.#outer.reduce((n, l) => n * l.extent!, tiles * chunks),
    );
    const own = this.#ones();
    let rest: Expr = floorDiv(over, chunks);
    const firstColumn = add(mul(floorMod(rest, tiles), literal(width)), literal(start));
    rest = floorDiv(rest, tiles);
    for (const axis of [...this.#outer].reverse()) {
      own.set(axis.name, floorMod(rest, axis.extent!));
      rest = floorDiv(rest, axis.extent!);
    }
    const firstRow = mul(floorMod(over, chunks), literal(chunk));
    const lane = indexLocal(this.buffers.fresh("j"), width);
    own.set(this.#column.name, add(firstColumn, lane));
    const right = this.#factor(this.#right, own);
    const { pack, element } = this.#panel(right, lane, width);
    const tile = (row: Expr, rows: number) => this.#tile(own, row, rows, lane, element);
    return { over, extent: over.extent!, body: [...pack, ...this.#overRows(firstRow, chunk, chunks, tile)] };
  }

  /** All tiles of a chunk of rows, the rows left over last. */
  #overRows(firstRow: Expr, chunk: number, chunks: number, tile: (row: Expr, rows: number) => readonly Stmt[]) {
    const body: Stmt[] = [];
    const left = this.#rowCount % tileRows;
    const tilesInChunk = Math.floor(chunk / tileRows);
    if (tilesInChunk > 0) {
      const over = indexLocal(this.buffers.fresh("r"), tilesInChunk);
      const even = this.#rowCount % chunk === 0 || chunks === 1;
      const rest = floorDiv(sub(literal(this.#rowCount), firstRow), tileRows);
      const extent = even ? literal(tilesInChunk) : call("minimum", literal(tilesInChunk), rest);
      const rows = tile(add(firstRow, mul(over, literal(tileRows))), tileRows);
      body.push({ kind: "for", over, extent, as: "serial", body: rows });
    }
    if (left > 0) {
      const rows = tile(literal(this.#rowCount - left), left);
      const last = eq(firstRow, literal((chunks - 1) * chunk));
      if (chunks === 1) body.push(...rows);
      else body.push({ kind: "if", test: last, then: rows });
    }
    return body;
  }

  /** The right factor's columns of this tile, copied side by side where they do not lie so. */
  #panel(right: Expr, lane: Local, width: number): { pack: readonly Stmt[]; element: Expr } {
    const depth = this.#over.reduce((n, l) => n * l.extent!, 1);
    const item = right.dtype === "f64" ? 8 : 4;
    const contiguous = right.kind === "load" && coefficient(right.offset, lane) === 1;
    const far = depth * this.columns * item > farBytes && this.#rowCount >= 4 * tileRows;
    if ((contiguous && !far) || depth * width * item > maxPanelBytes) return { pack: [], element: right };
    const name = this.buffers.fresh("panel");
    const offset = add(
      mul(
        linearIndex(
          this.#over.map((l) => l.extent!),
          this.#over,
        ),
        literal(width),
      ),
      lane,
    );
    const store: Root = {
      kind: "store",
      value: right,
      offset,
      emit: (value, at) => ({ kind: "store", buffer: name, offset: at, value }),
    };
    const scratch: Stmt = { kind: "scratch", name, dtype: right.dtype, length: depth * width, in: "thread" };
    const loops = [...this.#over.map(serial), vector(lane)];
    return { pack: [scratch, ...emitLoops(loops, [store], this.buffers)], element: load(name, offset, right.dtype) };
  }

  #tile(own: ReadonlyMap<string, Expr>, row: Expr, rows: number, lane: Local, right: Expr): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    const width = lane.extent!;
    const names = Array.from({ length: rows }, () => this.buffers.fresh("acc"));
    const scratch = names.map((name): Stmt => ({ kind: "scratch", name, dtype, length: width, in: "registers" }));
    const starts = names.map((name) => storeAt(name, lane, literal(0, dtype)));
    const sums = names.map((name, i) => {
      const left = this.#factor(this.#left, this.#withRow(own, add(row, literal(i))));
      return storeAt(name, lane, call("add", load(name, lane, dtype), call("mul", left, right)));
    });
    return [
      ...scratch,
      ...emitLoops([vector(lane)], starts, this.buffers),
      ...emitLoops([...this.#over.map(serial), vector(lane)], sums, this.buffers, {}, new Set(names)),
      ...this.#finish(own, row, names, lane),
    ];
  }

  /** The epilogue of a tile: row by row from the registers, or from memory in a loop where it is large. */
  #finish(own: ReadonlyMap<string, Expr>, row: Expr, names: readonly string[], lane: Local): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    const cost = this.group.nodes.reduce((sum, n) => sum + (n === this.node ? 0 : elementOf(n).cost), 0);
    const width = lane.extent!;
    if (cost <= largeEpilogue || names.length === 1) {
      return names.flatMap((name, i) =>
        emitLoops(
          [vector(lane)],
          this.#epilogue(this.#withRow(own, add(row, literal(i))), load(name, lane, dtype)),
          this.buffers,
        ),
      );
    }
    const tile = this.buffers.fresh("tile");
    const spill = names.map((name, i) => storeAt(tile, add(literal(i * width), lane), load(name, lane, dtype)));
    const line = indexLocal(this.buffers.fresh("i"), names.length);
    const sum = load(tile, add(mul(line, literal(width)), lane), dtype);
    return [
      { kind: "scratch", name: tile, dtype, length: names.length * width, in: "thread" },
      ...emitLoops([vector(lane)], spill, this.buffers),
      ...emitLoops([serial(line), vector(lane)], this.#epilogue(this.#withRow(own, add(row, line)), sum), this.buffers),
    ];
  }

  /** Stores of everything in the group that leaves it, given the contraction's element. */
  #epilogue(own: ReadonlyMap<string, Expr>, sum: Expr): readonly Root[] {
    const mine = this.group.rows.get(this.node)!;
    const at = mine.map((axis) => own.get(elementOf(this.node).index[axis]!.name)!);
    const elements = new Map<Node, Expr>([[this.node, sum]]);
    const roots: Root[] = [];
    for (const node of this.group.nodes) {
      const { index, inner } = elementOf(node);
      const locals = new Map<string, Expr>(index.map((l) => [l.name, literal(0)]));
      this.group.rows.get(node)!.forEach((axis, t) => locals.set(index[axis]!.name, at[t]!));
      let x = elements.get(node);
      if (!x) {
        x = this.#epilogueElement(
          resolveReads(inner, node, () => false),
          locals,
          elements,
        );
        elements.set(node, x);
      }
      if (!this.escapes(node)) continue;
      const value = node.results[0]!;
      const offset = this.buffers.positionOf(
        value,
        index.map((l) => locals.get(l.name)!),
      );
      roots.push({ kind: "store", value: x, offset, emit: (v, to) => this.buffers.store(value, to, v) });
    }
    return roots;
  }

  #epilogueElement(x: Expr, locals: ReadonlyMap<string, Expr>, elements: ReadonlyMap<Node, Expr>): Expr {
    return rewriteExpr(substitute(x, locals), (e) => {
      if (!isAccess(e)) return null;
      return elements.get(e.value.node) ?? this.buffers.loaded(e);
    });
  }

  #factor(x: Expr, own: ReadonlyMap<string, Expr>): Expr {
    return substitute(x, own);
  }

  #withRow(own: ReadonlyMap<string, Expr>, row: Expr): ReadonlyMap<string, Expr> {
    const out = new Map(own);
    let rest = row;
    for (const axis of [...this.#rows].reverse()) {
      out.set(axis.name, this.#rows.length === 1 ? row : floorMod(rest, axis.extent!));
      rest = floorDiv(rest, axis.extent!);
    }
    return out;
  }

  #ones(): Map<string, Expr> {
    const { index, over } = elementOf(this.node);
    return new Map([...index, ...over].filter((l) => l.extent === 1).map((l) => [l.name, literal(0)]));
  }
}

/** Multiplications and additions of the group's contraction. */
export function contractionFlops(node: Node): number {
  return elementOf(node).over.reduce((n, l) => n * l.extent!, 2 * countOf(node.results[0]!));
}

const serial = (local: Local): Loop => ({ local, extent: literal(local.extent!), as: "serial" });
const vector = (local: Local): Loop => ({ local, extent: literal(local.extent!), as: "vector" });
const storeAt = (name: string, offset: Expr, value: Expr): Root => ({
  kind: "store",
  value,
  offset,
  emit: (v, at) => ({ kind: "store", buffer: name, offset: at, value: v }),
});
