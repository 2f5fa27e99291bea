import { GraphMaker } from "./test/graphs.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
function time(name: string, graph: any) {
  const t: string[] = []; const t0 = performance.now();
  const plan = compileGraph(graph, { verify: false, observe: { after: (p: string, _: unknown, ms: number) => { if (ms > 50) t.push(`${p} ${ms.toFixed(0)}`); } } });
  console.log(name, "kernels", plan.steps.length, (performance.now() - t0).toFixed(0), t.join(", "));
}
for (const n of [2500, 5000]) {
  const g = new GraphMaker(); let x: any = g.input("x", [16], "f32"); const x0 = x;
  for (let i = 0; i < n; i++) x = ops.tanh(ops.add(x, 0.1));
  time("chain " + 2 * n, g.graph({ x }));
  const g2 = new GraphMaker(); let z: any = g2.input("x", [16], "f32"); const z0 = z;
  for (let i = 0; i < n / 2; i++) z = ops.tanh(ops.add(z, 0.1));
  const d = gradient([ops.sum(z)], [z0])[0]!;
  time("chain grad " + n, g2.graph({ d }));
  const g3 = new GraphMaker(); const y: any = g3.input("x", [16], "f32"); const outs: any = {};
  for (let i = 0; i < n; i++) outs["o" + i] = ops.mul(ops.exp(ops.add(y, i)), y);
  time("wide " + 3 * n, g3.graph(outs));
  const g4 = new GraphMaker(); let w: any = g4.input("x", [16, 16], "f32");
  for (let i = 0; i < n / 10; i++) w = ops.relu(ops.matmul(w, w));
  time("matmul chain " + n / 5, g4.graph({ w }));
}
