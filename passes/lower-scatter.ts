// Lowers a scatter: the initial values, then every source element in order, so that duplicates add up or overwrite each
// other as if one by one. One iteration: destinations may coincide.
import { call, type Expr, indexLocal, literal } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { overAccesses } from "./element.js";
import { emitLoops, type Loop, type Root } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scatterOf } from "./scatter.js";

export function lowerScatter(node: Node, buffers: KernelBuffers): Space {
  const { index, init, source, put, combine } = scatterOf(node);
  const value = node.results[0]!;
  const ready = (x: Expr): Expr => buffers.loaded(overAccesses(x, node));
  const at = (i: readonly Expr[]): Expr => buffers.positionOf(value, i);
  const store = (offset: Expr, element: Expr): Root => ({
    kind: "store",
    value: element,
    offset,
    emit: (v, to) => buffers.store(value, to, v),
  });
  const loops = (locals: typeof index, inner: "serial" | "vector"): readonly Loop[] =>
    locals.map((local, i) => ({
      local,
      extent: literal(local.extent!),
      as: i === locals.length - 1 ? inner : "serial",
    }));
  const target = at(put.index.map(ready));
  const element = ready(put.value);
  const put1 = combine === "add" ? call("add", buffers.loadAt(value, target), element) : element;
  const changing = new Set([buffers.nameOf(value)]);
  // Where the innermost axis of the source is an axis of the result, as in rows of an embedding, its elements go to different
  // places: whole vectors may be added.
  const inner = source.at(-1);
  const apart = inner !== undefined && put.index.some((x) => x.kind === "local" && x.name === inner.name);
  return {
    over: indexLocal("p", 1),
    extent: 1,
    body: [
      ...emitLoops(loops(index, "vector"), [store(at(index), ready(init))], buffers),
      ...emitLoops(loops(source, apart ? "vector" : "serial"), [store(target, put1)], buffers, {}, changing),
    ],
  };
}
