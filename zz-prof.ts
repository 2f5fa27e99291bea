import { GraphMaker } from "./test/graphs.js"; import * as ops from "#ir/ops/index.js"; import { compileGraph } from "#passes/compile.js"; import { gradient } from "#passes/gradient.js";
import { Device } from "#runtime/device.js"; import { wasm } from "#runtime/wasm/backend.js";
const o = ops as any;
function mk() { const g = new GraphMaker(); const [x, y] = [g.input("x", [32, 784], "f32"), g.input("y", [32], "i32")]; const ps = [[784, 128], [128], [128, 10], [10]].map((s, i) => g.parameter("p" + i, s, "f32")) as any[];
const loss = o.mean(o.softmaxCrossEntropy(o.add(o.matmul(o.relu(o.add(o.matmul(x, ps[0]), ps[1])), ps[2]), ps[3]), y)); const gs = gradient([loss], ps) as any[];
return g.graph({ loss }, ps.map((p, i) => [p, o.sub(p, o.mul(gs[i], 0.01))])); }
const device = new Device();
for (let i = 0; i < Number(process.argv[2] ?? 10); i++) { const t0 = performance.now(); const gr = mk(); const t1 = performance.now(); const t: string[] = []; const plan = compileGraph(gr, { verify: false, observe: { after: (p: string, _: any, ms: number) => t.push(p + " " + ms.toFixed(1)) } }); const t2 = performance.now(); wasm.prepare(plan, device).run(); const t3 = performance.now(); console.log((t1 - t0).toFixed(1), (t2 - t1).toFixed(1), (t3 - t2).toFixed(1), i === 0 || i === 9 ? t.join(", ") : ""); }
