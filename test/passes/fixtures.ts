// Reads `*.ir` files: cases of a title, a graph, and the graph that a pass must make of it.
import { readFileSync } from "node:fs";
import { toDType, zeros, type TypedArray } from "#ir/dtype.js";
import { elementCount } from "#ir/size.js";
import type { Graph } from "#ir/graph.js";
import type { Node } from "#ir/node.js";
import { nameOfLeaf } from "#ir/print-graph.js";
import type { ConcreteType } from "#ir/type.js";
import { generator, integer } from "../random.js";

/** One case of a file. */
export interface Fixture {
  readonly title: string;
  readonly before: string;
  /** Null where the pass must give back the graph itself. */
  readonly after: string | null;
}

/** What stands before the first case, and the cases. */
export interface FixtureFile {
  readonly head: string;
  readonly cases: readonly Fixture[];
}

const onePattern = /^\/\/ (.+)\n(graph [\s\S]*?\n\})\n=>(?: (unchanged)|\n(graph [\s\S]*?\n\}|\?))\n/gm;

export function readFixtures(path: URL): FixtureFile {
  const text = readFileSync(path, "utf8");
  const cases = [...text.matchAll(onePattern)].map(([, title, before, unchanged, after]) => ({
    title: title!,
    before: before!,
    after: unchanged ? null : after!,
  }));
  const left = text.replaceAll(onePattern, "").trim();
  const head = left.split("\n").filter((line) => line.startsWith("//"));
  if (head.join("\n") !== left) throw new Error(`${path.pathname}: not a case:\n${left}`);
  return { head: left, cases };
}

export function printFixtures({ head, cases }: FixtureFile): string {
  const texts = cases.map(({ title, before, after }) => {
    return `// ${title}\n${before}\n=>${after === null ? " unchanged" : `\n${after}`}\n`;
  });
  return [`${head}\n`, ...texts].join("\n");
}

/**
 * Random numbers for inputs and parameters, the same for equal names: floats in −2 … 2, or 0.1 … 2 where the name begins
 * with `pos`; i32 in −4 … 4, or 0 … 1 where it begins with `index`.
 */
export function feedsFor(graph: Graph, seed: number): ReadonlyMap<Node, TypedArray> {
  const heads = [...graph.inputs, ...graph.parameters];
  return new Map(
    heads.map((node) => [node, numbersFor(nameOfLeaf(node), node.results[0]!.type as ConcreteType, seed)]),
  );
}

function numbersFor(name: string, type: ConcreteType, seed: number): TypedArray {
  const next = generator(seed + [...name].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0), 7));
  const one = (): number => {
    switch (type.dtype) {
      case "f32":
      case "f64":
        return name.startsWith("pos") ? 0.1 + 1.9 * next() : 4 * next() - 2;
      case "i32":
        return name.startsWith("index") ? integer(next, 0, 1) : integer(next, -4, 4);
      case "u8":
        return integer(next, 0, 9);
      case "bool":
        return integer(next, 0, 1);
    }
  };
  return zeros(type.dtype, elementCount(type.shape)).map(() => toDType(type.dtype, one()));
}
