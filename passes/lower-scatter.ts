// Lowers a scatter: the initial values, then every source element in order, so that duplicates add up or overwrite each
// other as if one by one. Destinations may coincide, but not along an axis that source and result have in common: threads
// share such an axis, where there is one.
import { add, call, type Expr, indexLocal, literal, type Local, mul, sub } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { overAccesses } from "./element.js";
import { emitLoops, type Loop, type Root } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { substitute } from "./rewrite-expr.js";
import { type Scatter, scatterOf } from "./scatter.js";

/** Elements of the last axis that an iteration takes at least, and iterations at most: each goes through all indices. */
const fewest = 128;
const mostBlocks = 4;

export function lowerScatter(node: Node, buffers: KernelBuffers): Space {
  const { index, init, source, put, combine } = scatterOf(node);
  const value = node.results[0]!;
  const axis = commonAxis(index, source, put.index);
  const { over, place, local, extent } = axis ? sharedOut(index[axis.of]!, axis.last, buffers) : alone();
  const here = new Map<string, Expr>();
  if (axis && place) here.set(index[axis.of]!.name, place).set(source[axis.from]!.name, place);
  const memo = new Map<Expr, Expr>();
  const ready = (x: Expr): Expr => buffers.loaded(overAccesses(substitute(x, here, memo), node));
  const at = (i: readonly Expr[]): Expr => buffers.positionOf(value, i);
  const store = (offset: Expr, element: Expr): Root => ({
    kind: "store",
    value: element,
    offset,
    emit: (v, to) => buffers.store(value, to, v),
  });
  const loops = (locals: typeof index, common: number | undefined, inner: "serial" | "vector"): readonly Loop[] => {
    const own = locals.flatMap((l, i) => (i !== common ? [{ local: l, extent: literal(l.extent!) }] : local ? [{ local, extent }] : [])); // prettier-ignore
    return own.map((loop, i) => ({ ...loop, as: i === own.length - 1 ? inner : "serial" }));
  };
  const target = at(put.index.map(ready));
  const element = ready(put.value);
  const put1 = combine === "add" ? call("add", buffers.loadAt(value, target), element) : element;
  const changing = new Set([buffers.nameOf(value)]);
  // Where the innermost axis of the source is an axis of the result, as in rows of an embedding, its elements go to different
  // places: whole vectors may be added.
  const inner = source[axis && !local && axis.from === source.length - 1 ? source.length - 2 : source.length - 1];
  const apart = inner !== undefined && put.index.some((x) => x.kind === "local" && x.name === inner.name);
  return {
    over,
    extent: over.extent!,
    body: [
      ...emitLoops(loops(index, axis?.of, "vector"), [store(at(index.map(ready)), ready(init))], buffers),
      ...emitLoops(
        loops(source, axis?.from, apart ? "vector" : "serial"),
        [store(target, put1)],
        buffers,
        {},
        changing,
      ),
    ],
  };
}

interface Part {
  readonly over: Local;
  /** The index along the common axis; null where there is none. */
  readonly place: Expr | null;
  /** A loop over what an iteration takes of it; null where that is one. */
  readonly local: Local | null;
  readonly extent: Expr;
}

const alone = (): Part => ({ over: indexLocal("p", 1), place: null, local: null, extent: literal(1) });

/** The axis by itself, or, being the last one, in blocks, so that vectors run along it. */
function sharedOut({ extent: size }: Local, last: boolean, buffers: KernelBuffers): Part {
  if (!last) {
    const over = indexLocal("p", size!);
    return { over, place: over, local: null, extent: literal(1) };
  }
  const block = Math.max(fewest, Math.ceil(size! / mostBlocks / 4) * 4);
  const over = indexLocal("p", Math.ceil(size! / block));
  const local = indexLocal(buffers.fresh("l"), Math.min(block, size!));
  const first = mul(over, literal(block));
  const extent = size! % block === 0 ? literal(block) : call("minimum", literal(block), sub(literal(size!), first));
  return { over, place: add(first, local), local, extent };
}

/** The first axis along which elements of the source go to the same place of the result. */
function commonAxis(index: readonly Local[], source: readonly Local[], put: Scatter["put"]["index"]) {
  for (const [of, x] of put.entries()) {
    const from = source.findIndex((s) => x.kind === "local" && x.name === s.name && s.extent === index[of]!.extent);
    if (from >= 0 && index[of]!.extent! > 1) return { of, from, last: from === source.length - 1 };
  }
  return null;
}
