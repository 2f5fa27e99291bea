// Threefry-2x32-20 against the known answers of its authors (Random123, kat_vectors), folded and on every backend.
import { describe, expect, it } from "vitest";
import { type Expr, indexLocal, literal, load } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { threefry, threefryOf, type Words } from "#ir/threefry.js";
import { runOn, simpleKernel } from "../runtime/on-backend.js";

type Pair = readonly [number, number];
const known: readonly { readonly key: Pair; readonly counter: Pair; readonly words: Pair }[] = [
  { key: [0, 0], counter: [0, 0], words: [0x6b200159, 0x99ba4efe] },
  { key: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
  { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], words: [0xc4923a9c, 0x483df7a0] },
];
const signed = (words: Pair): number[] => words.map((word) => word | 0);

describe("Threefry-2x32-20 gives the known answers", () => {
  it.each(known)("of $words, folded", ({ key, counter, words }) => {
    expect(threefryOf(key, counter)).toEqual(signed(words));
  });

  // Nine iterations: two vectors of four, and one that is left over.
  it.each(["interpret", "js", "wasm"] as const)("on %s, from loads in a vector loop", (backend) => {
    const i = indexLocal("j", 9);
    const word = (name: string): Expr => load(name, i, "i32");
    const found = threefry([word("k0"), word("k1")], [word("c0"), word("c1")]);
    const rows = Array.from({ length: 9 }, (_, row) => known[row % 3]!);
    const result = runOn(backend, kernelOf(found, i), {
      k0: rows.map((r) => r.key[0]),
      k1: rows.map((r) => r.key[1]),
      c0: rows.map((r) => r.counter[0]),
      c1: rows.map((r) => r.counter[1]),
    });
    expect(result.x).toEqual(rows.map((r) => r.words[0] | 0));
    expect(result.y).toEqual(rows.map((r) => r.words[1] | 0));
  });
});

function kernelOf([x, y]: Words, i: ReturnType<typeof indexLocal>) {
  const names = ["k0", "k1", "c0", "c1"] as const;
  const body: readonly Stmt[] = [
    { kind: "store", buffer: "x", offset: i, value: x },
    { kind: "store", buffer: "y", offset: i, value: y },
  ];
  return simpleKernel(
    [...names.map((name) => [name, "i32", 9, "read"] as const), ["x", "i32", 9, "write"], ["y", "i32", 9, "write"]],
    1,
    [{ kind: "for", over: i, extent: literal(9), as: "vector", body }],
  );
}
