// Equal computations become one. Interning has merged equal nodes already, so what is left are large constants: the
// builder tells those apart by identity, this pass by content. Whatever reads them then merges on its own.
import type { TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Attrs, Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { constant } from "#ir/ops/leaves.js";
import { printType } from "#ir/type.js";
import type { Pass } from "./pass.js";
import { transform } from "./rewrite.js";

const merge = "two constants of equal numbers → one";

export const cse: Pass<Graph> = {
  name: "cse",
  doc: "Constants of equal content become one, and with them everything computed from them.",
  rules: [merge],
  run: (graph, note) => {
    const seen = new Map<string, Node[]>();
    const step = (node: Node) => {
      if (node.op !== (constant as AnyOp)) return null;
      const { value } = node.attrs as Attrs & { value: number | TypedArray };
      if (typeof value === "number") return null;
      const key = `${printType(node.results[0]!.type)} ${hash(value)}`;
      const list = seen.get(key) ?? [];
      seen.set(key, list);
      const twin = list.find((other) => sameBits(other.attrs.value as TypedArray, value));
      if (twin) return twin === node ? null : { rule: merge, values: twin.results as readonly Value[] };
      list.push(node);
      return null;
    };
    return transform(graph, step, note);
  },
};

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** FNV-1a over the bytes. */
function hash(data: TypedArray): number {
  let h = 0x811c9dc5;
  for (const byte of bytesOf(data)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

function sameBits(a: TypedArray, b: TypedArray): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}
