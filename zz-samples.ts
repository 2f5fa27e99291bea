import { cases, graphOfCase, dataOf } from "./test/ops/cases.js";
import { difference } from "./test/compare.js";
import { compileGraph } from "#passes/compile.js";
import { Device } from "#runtime/device.js";
import { interpret } from "#runtime/interpret.js";
import { wasm } from "#runtime/wasm/backend.js";
const device = new Device();
let ok = 0; const bad: string[] = [];
for (const c of cases()) for (const backend of [interpret, wasm]) {
  try {
    const graph = graphOfCase(c); const plan = compileGraph(graph, { verify: true });
    const program = backend.prepare(plan, device); program.buffers.locate();
    plan.feeds.forEach((f, i) => { if (f.buffer !== null) program.buffers.view(f.buffer).set(dataOf(c.sample.operands[i]!)); });
    program.run();
    const res = c.sample.results;
    let d: string | null = null;
    plan.outputs.forEach((o, i) => { d ??= difference(program.buffers.view(o.buffer), res[i]!.data, { dtype: res[i]!.dtype, k: 16 }); });
    if (d) bad.push(`${backend.name} ${c.name}: ${d}`); else ok++;
    program.dispose();
  } catch (e: any) { bad.push(`${backend.name} ${c.name}: THROWS ${String(e.message).split("\n")[0]} ${process.env.ST ? e.stack : ""}`); }
}
console.log(ok, "ok", bad.length, "bad"); for (const b of bad) console.log(b);
