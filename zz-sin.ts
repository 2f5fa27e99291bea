import { GraphMaker } from "./test/graphs.js"; import * as ops from "#ir/ops/index.js"; import { runGraph } from "./test/run-graph.js"; import { wasm } from "#runtime/wasm/backend.js"; import { js } from "#runtime/js.js";
const g = new GraphMaker(); const x = g.input("x", [9], "f32"); const gr = g.graph({ s: ops.sin(x), e: ops.exp(x), t: ops.tanh(x) });
const f = [Float32Array.from([0, 0.5, 1, -1, 2, 3, -4, 10, 0.3])];
for (const b of [js, wasm]) console.log(b.name, runGraph(gr, f, b).outputs);
