// Lowers contractions one factor of which has windows (convolutions and their gradients, found by indices alone). That
// factor is staged: copied once per image, or per few small ones, so that the longer axes of its windows walk memory as one.
import { type Expr, literal, type Local } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { product } from "./contraction-axes.js";
import { elementOf, overAccesses } from "./element.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { coefficient, mentions, substitute, walkExpr } from "./rewrite-expr.js";
import { slidingPairs } from "./sliding-pairs.js";
import { WindowContraction } from "./window-contraction.js";
import { mayStage, type ScheduleWindows } from "./window-schedule.js";
import { windowsAlongResult } from "./windows-along-result.js";
import { windowsAlongSum } from "./windows-along-sum.js";
import { windowsByLine } from "./windows-by-line.js";
import { sourceOf, windowsBySource } from "./windows-by-source.js";

/** The group as a parallel space of its kernel; null where no factor has windows. */
export function lowerWindows(
  group: Group,
  node: Node,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
  scheduleOf: ScheduleWindows,
): readonly Space[] | null {
  const { index, over, factors } = elementOf(node);
  const ones = new Map([...index, ...over].filter((x) => x.extent === 1).map((x) => [x.name, literal(0)]));
  const [axes, terms] = [index, over].map((locals) => locals.filter((l) => l.extent !== 1)) as [Local[], Local[]];
  const factor = (i: 0 | 1) => substitute(buffers.loaded(overAccesses(factors![i], node)), ones);
  const both = [factor(0), factor(1)] as const;
  for (const [x, w] of [both, both.toReversed() as [Expr, Expr]]) {
    const own = axes.filter((l) => !mentions(w, l));
    const pairs = slidingPairs(x, own, terms);
    if (pairs.length === 0) continue;
    const windows = new WindowContraction(group, node, x, w, axes, terms, pairs, escapes, buffers);
    const [taps, positions] = [product(pairs.map((p) => p.term)), product(pairs.map((p) => p.axis))];
    // Where they are as many, what lies farthest apart are images, and sums go over images or within them.
    const overImages = reachOfAny(x, windows.plain) > reachOfAny(x, windows.images);
    const summed = taps === positions ? overImages : taps > positions;
    const source = summed ? null : sourceOf(windows);
    const facts = windows.facts(summed, source && product(source.places));
    // What no part of an image or of the rows makes small is left to panels of its own.
    if (!mayStage(facts)) return null;
    const schedule = scheduleOf(facts, node.id);
    switch (schedule.form) {
      case "sum":
        return [windowsAlongSum(windows, schedule)];
      case "source":
        return [windowsBySource(windows, source!, schedule)];
      case "line":
        return [windowsByLine(windows, schedule)];
      case "result":
        return [windowsAlongResult(windows, schedule)];
    }
  }
  return null;
}

/** How far the loads of an expression move along the axes at most. */
function reachOfAny(x: Expr, axes: readonly Local[]): number {
  let most = 0;
  walkExpr(x, (e) => {
    if (e.kind !== "load") return;
    for (const l of axes) most = Math.max(most, Math.abs(coefficient(e.offset, l) ?? 0));
  });
  return most;
}
