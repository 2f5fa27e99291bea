// The calls of layers while a graph is built, and which of its nodes each of them made.
import { Builder } from "#ir/builder.js";
import type { Applier, Node, Value } from "#ir/node.js";
import { tallyWork, type Work } from "#ir/work.js";
import { Parameter } from "../parameter.js";
import type { Tensor } from "../tensor.js";
import { type LayerInfo, observeLayers } from "./layer.js";

/** A layer that was called on a symbolic tensor. */
export interface LayerCall {
  readonly layer: LayerInfo;
  readonly output: Tensor;
  /** The nodes it made, and layers inside of it: those of a builder from one number to before another. */
  readonly made: { readonly builder: Builder; readonly from: number; readonly to: number } | null;
}

/** What a call computes itself, without the layers that it calls. */
export interface OwnWork extends Work {
  /** Whether there is more than views of other tensors. */
  readonly computes: boolean;
  /** Whether a loop that turns an unknown number of times was counted once. */
  readonly atLeast: boolean;
}

/** What `build` gives, and the calls in it, in the order of their ends: children before their parents. */
export function layerCalls<T>(build: () => T): readonly [T, readonly LayerCall[]] {
  const calls: LayerCall[] = [];
  const built = observeLayers((layer, input) => {
    const builder = builderOf(input);
    const from = builder?.size ?? 0;
    return (output) => {
      // One layer on one tensor, asked for again: nothing is computed twice.
      if (calls.some((call) => call.layer === layer && sameValue(call.output, output))) return;
      calls.push({ layer, output, made: builder && { builder, from, to: builder.size } });
    };
  }, build);
  return [built, calls];
}

/** What each call computes of what some tensors need, what no call does, and the parameters that are read. Sizes are numbers. */
export function workOfCalls(roots: readonly Tensor[], calls: readonly LayerCall[]) {
  const ranges = new Map<Applier, { readonly call: LayerCall; readonly from: number; readonly to: number }[]>();
  for (const call of calls) {
    if (!call.made) continue;
    const { builder, from, to } = call.made;
    const known = ranges.get(builder) ?? [];
    ranges.set(builder, [...known, { call, from, to }]);
  }
  // The first range that holds a node is the innermost one.
  const ownerOf = (node: Node): LayerCall | undefined => {
    const of = ranges.get(node.results[0]!.owner);
    return of?.find(({ from, to }) => from <= node.id && node.id < to)?.call;
  };
  const work = new Map<LayerCall | null, OwnWork>();
  const parameters = new Set<Parameter>();
  tallyWork<LayerCall | null>(valuesOf(roots), null, ownerOf, (owner, node, told) => {
    const { parameter } = node.attrs as { readonly parameter?: Parameter["record"] };
    if (parameter) parameters.add(Parameter.of(parameter));
    const before = work.get(owner) ?? nothing;
    work.set(owner, {
      flops: before.flops + told.flops,
      multiplyAdds: before.multiplyAdds + told.multiplyAdds,
      computes: before.computes || !told.view,
      atLeast: before.atLeast || (told.atLeast && told.flops > 0),
    });
  });
  const of = (call: LayerCall | null): OwnWork => work.get(call) ?? nothing;
  return { of, parameters: [...parameters] };
}

const nothing: OwnWork = { flops: 0, multiplyAdds: 0, computes: false, atLeast: false };

/** The builder that makes what is applied to a tensor now; null where it has numbers. */
function builderOf(x: Tensor): Builder | null {
  if (!x.symbolic) return null;
  let owner: Applier = x.handle.owner;
  for (;;) {
    const next: Applier | undefined = owner instanceof Builder ? owner.maker : owner.outer;
    if (next === owner) return owner as Builder;
    if (!next) return null;
    owner = next;
  }
}

/** Values of the graph; numbers, and parameters as they stand, need nothing. */
function valuesOf(tensors: readonly Tensor[]): readonly Value[] {
  return tensors.filter((x) => x.symbolic).map((x) => x.handle as Value);
}

function sameValue(a: Tensor, b: Tensor): boolean {
  return a.symbolic && b.symbolic && a.handle === b.handle;
}
