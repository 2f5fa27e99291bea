import { Graph, compile, nn, optim } from "#src/index.js";
import { encodeModule } from "#runtime/wasm/module.js";
import wabtInit from "wabt";
import { writeFileSync } from "node:fs";
const g = new Graph("mlp");
const B = 32;
const x = g.input("x", [B, 784]);
const y = g.input("y", [B], "i32");
const model = nn.sequential(nn.dense(784, 128, { activation: "relu" }), nn.dense(128, 10));
const logits = model(x);
const loss = nn.softmaxCrossEntropy(logits, y).mean();
const train: any = compile({ outputs: { loss }, updates: optim.sgd({ lr: 0.01 }).minimize(loss) } as any);
const feeds = { x: Float32Array.from({ length: B * 784 }, (_, i) => Math.sin(i)), y: Int32Array.from({ length: B }, (_, i) => i % 10) };
let t = performance.now();
for (let i = 0; i < 3; i++) console.log(JSON.stringify(train.run(feeds).loss.data ?? train.run(feeds).loss));
console.log("first 3", performance.now() - t);
const { defaultDevice } = await import("#runtime/device.js");
const plan = train.plan();
if (plan) {
  const t0 = performance.now(); const { bytes } = encodeModule(plan, { addressOf: () => 64, shared: true }); console.log("encode", performance.now() - t0, bytes.length);
  const t1 = performance.now(); encodeModule(plan, { addressOf: () => 64, shared: true }); console.log("encode again", performance.now() - t1);
  const wabt = await wabtInit(); writeFileSync("/tmp/mlp.wat", wabt.readWasm(bytes, { simd: true, threads: true, readDebugNames: true } as any).toText({}));
  for (const s of plan.steps) console.log(s.kernel.name, s.kernel.flops, s.kernel.stages.map((st: any) => st.map((sp: any) => sp.extent)));
}
for (let r = 0; r < 12; r++) { const c = process.cpuUsage().user; encodeModule(plan, { addressOf: () => 64, shared: true }); console.log("encode cpu ms", (process.cpuUsage().user - c) / 1e3); }
