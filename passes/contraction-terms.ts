// The loops over the terms of a contraction's sums: cut into blocks whose panel of the right factor stays in the cache, and
// joined where both factors walk memory as one.
import { add, call, type Expr, indexLocal, literal, type Local, mul, sub } from "#ir/expr.js";
import { linearIndex } from "./element.js";
import type { Loop } from "./emit-loops.js";
import { serial } from "./loop-parts.js";
import { coefficient } from "./rewrite-expr.js";

export interface Terms {
  /** Loops around panels; none where one panel holds all terms. */
  readonly blocks: readonly Loop[];
  /** Loops over the terms of one panel. */
  readonly loops: readonly Loop[];
  /** What reduction variables are in terms of the loops. */
  readonly own: ReadonlyMap<string, Expr>;
  /** Terms of one panel, and the place of one among them. */
  readonly count: number;
  readonly place: Expr;
}

/** All terms in one panel. */
export function allTerms(over: readonly Local[]): Terms {
  return { blocks: [], loops: over.map(serial), own: new Map(), ...placeAmong(over) };
}

/** The terms in panels of at most `most`: whole inner axes, and as much as fits of the next one. */
export function termsInBlocks(over: readonly Local[], most: number, fresh: (stem: string) => string): Terms {
  let cut = over.length;
  let inner = 1;
  while (cut > 0 && inner * over[cut - 1]!.extent! <= most) inner *= over[--cut]!.extent!;
  if (cut === 0) return allTerms(over);
  const axis = over[cut - 1]!;
  const extent = axis.extent!;
  const blocks = Math.ceil(extent / Math.max(1, Math.floor(most / inner)));
  const size = Math.ceil(extent / blocks);
  const [block, part] = [indexLocal(fresh("b"), Math.ceil(extent / size)), indexLocal(fresh("k"), size)];
  const first = mul(block, literal(size));
  const left = extent % size === 0 ? literal(size) : call("minimum", literal(size), sub(literal(extent), first));
  const inside = [part, ...over.slice(cut)];
  return {
    blocks: [...over.slice(0, cut - 1).map(serial), serial(block)],
    loops: inside.map((l) => (l === part ? { ...serial(part), extent: left } : serial(l))),
    own: new Map([[axis.name, add(first, part)]]),
    ...placeAmong(inside),
  };
}

/**
 * The loops over a panel's terms with neighbours joined where `offset`, a place in the left factor, grows evenly along
 * both, and what the old loop variables are.
 */
export function joinedTerms(
  loops: readonly Loop[],
  offset: Expr,
  fresh: (stem: string) => string,
): { readonly loops: readonly Loop[]; readonly own: ReadonlyMap<string, Expr> } {
  const groups: { loops: Loop[]; extent: number }[] = [];
  for (const loop of loops.toReversed()) {
    const [inner] = groups;
    const step = inner && coefficient(offset, inner.loops.at(-1)!.local);
    const whole = loop.extent.kind === "literal" && inner?.loops[0]!.extent.kind === "literal";
    if (inner && whole && step !== null && coefficient(offset, loop.local) === step! * inner.extent) {
      inner.loops.unshift(loop);
      inner.extent *= loop.local.extent!;
    } else groups.unshift({ loops: [loop], extent: loop.local.extent! });
  }
  const own = new Map<string, Expr>();
  const joined = groups.map((group) => {
    if (group.loops.length === 1) return group.loops[0]!;
    const all = indexLocal(fresh("k"), group.extent);
    group.loops.forEach(({ local }, i) => own.set(local.name, i === group.loops.length - 1 ? all : literal(0)));
    return serial(all);
  });
  return { loops: joined, own };
}

function placeAmong(locals: readonly Local[]) {
  const extents = locals.map((l) => l.extent!);
  return { count: extents.reduce((a, b) => a * b, 1), place: linearIndex(extents, locals) };
}
