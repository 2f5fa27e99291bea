import { indexLocal, literal, load, add, mul, local, call } from "#ir/expr.js";
import { kernelOf, planOf } from "./run-kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
const z = (n: number) => ({ dtype: "f32" as const, data: { length: n } as any });
function one(n: number) { const i = indexLocal("i", n); return kernelOf({ x: z(n), y: z(n) }, { over: indexLocal("p", 1), extent: 1, body: [{ kind: "for", over: i, extent: literal(n), as: "vector", body: [{ kind: "store", buffer: "y", offset: i, value: call("exp", add(mul(load("x", i, "f32"), literal(2, "f32")), literal(1, "f32"))) }] }] }); }
for (const reps of [1, 1, 10, 100, 1000]) { const t = process.cpuUsage().user; let b = 0; for (let r = 0; r < reps; r++) b += encodeModule(planOf(one(1000 + r)), { addressOf: () => 0, shared: false }).bytes.length; console.log(reps, ((process.cpuUsage().user - t) / 1e3 / reps).toFixed(3), "ms each", b / reps); }
