// The minimum cut is what trying all cuts finds.
import { expect, test } from "vitest";
import { FlowNetwork } from "#passes/recompute/max-flow.js";
import { generator, integer, seed } from "../random.js";

type Edge = readonly [from: number, to: number, capacity: number];

const widthOf = (edges: readonly Edge[], sinkSide: (v: number) => boolean): number =>
  edges.reduce((sum, [from, to, c]) => sum + (!sinkSide(from) && sinkSide(to) ? c : 0), 0);

function networkOf(vertices: number, edges: readonly Edge[]): FlowNetwork {
  const network = new FlowNetwork();
  for (let i = 0; i < vertices; i++) network.vertex();
  for (const [from, to, capacity] of edges) network.edge(from, to, capacity);
  return network;
}

test(`the flow is the width of the least of all cuts, seed ${seed}`, () => {
  const next = generator(seed);
  for (let round = 0; round < 200; round++) {
    const vertices = integer(next, 2, 7);
    const edges = Array.from({ length: integer(next, 1, 16) }, (): Edge => {
      return [integer(next, 0, vertices - 1), integer(next, 0, vertices - 1), integer(next, 0, 9)];
    });
    const widths: number[] = [];
    // Vertex 0 is the source, vertex 1 the sink.
    for (let set = 0; set < 2 ** vertices; set++) {
      if ((set & 1) === 0 && (set & 2) !== 0) widths.push(widthOf(edges, (v) => (set & (1 << v)) !== 0));
    }
    const { flow, side } = networkOf(vertices, edges).cut(0, 1)!;
    expect(flow).toBe(Math.min(...widths));
    expect(widthOf(edges, (v) => side.has(v))).toBe(flow);
  }
});

test("of equal cuts the one nearest to the sink is found", () => {
  const edges: readonly Edge[] = [[0, 2, 3], [2, 3, 3], [3, 1, 3]]; // prettier-ignore
  expect(networkOf(4, edges).cut(0, 1)).toEqual({ flow: 3, side: new Set([1]) });
});

test("no cut separates what endless capacity joins", () => {
  const edges: readonly Edge[] = [[0, 2, Infinity], [2, 1, Infinity], [0, 1, 1]]; // prettier-ignore
  expect(networkOf(3, edges).cut(0, 1)).toBeNull();
});
