import { wasm } from "#runtime/wasm/backend.js";
import { Device } from "#runtime/device.js";
import { GraphMaker } from "./test/graphs.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
const g = new GraphMaker("mlp"); const o = ops as any;
const x = g.input("x", [32, 784], "f32"), y = g.input("y", [32], "i32");
const rnd = (n: number, s: number) => { const a = new Float32Array(n); for (let i = 0; i < n; i++) { s = (s * 1103515245 + 12345) & 0x7fffffff; a[i] = (s / 0x7fffffff - 0.5) * 0.2; } return a; };
import { makeParameter } from "#ir/parameter.js";
import { parameter } from "#ir/ops/leaves.js";
const shapes: any = { w1: [784, 128], b1: [128], w2: [128, 10], b2: [10] };
const ps = Object.entries(shapes).map(([n, s]: any, i) => { const v = g.builder.apply(parameter as any, [], { parameter: makeParameter(n, { dtype: "f32", shape: s }, () => rnd(s.reduce((a: number, b: number) => a * b, 1), i + 1)) } as any)[0]!; return v; });
const [w1, b1, w2, b2] = ps;
const logits = o.add(o.matmul(o.relu(o.add(o.matmul(x, w1), b1)), w2), b2);
const loss = o.mean(o.softmaxCrossEntropy(logits, y));
const gs = gradient([loss], ps);
const graph = { ...g.graph({ loss }, ps.map((p, i) => [p, o.sub(p, o.mul(gs[i], 0.1))])), parameters: ps.map((p) => p.node) } as any;
const device = new Device();
let t0 = performance.now();
const plan = compileGraph(graph, { verify: false });
let t1 = performance.now();
const program = wasm.prepare(plan, device);
let t2 = performance.now();
console.log("compile", (t1 - t0).toFixed(0), "prepare", (t2 - t1).toFixed(0));
const X = rnd(32 * 784, 7), Y = new Int32Array(32).map((_, i) => i % 10);
const fx = plan.feeds[0]!.buffer!, fy = plan.feeds[1]!.buffer!;
const step = () => { program.buffers.locate(); program.buffers.view(fx).set(X); program.buffers.view(fy).set(Y); program.run(); return program.buffers.view(plan.outputs[0]!.buffer)[0]; };
// plain f64 reference
const P = ps.map((p) => Array.from((p.node.attrs.parameter as any).initial() as Float32Array)) as number[][];
function ref() {
  const [W1, B1, W2, B2] = P as any; const h = new Float64Array(32 * 128), lo = new Float64Array(320);
  for (let i = 0; i < 32; i++) for (let j = 0; j < 128; j++) { let s = B1[j]; for (let k = 0; k < 784; k++) s += X[i * 784 + k] * W1[k * 128 + j]; h[i * 128 + j] = Math.max(0, s); }
  for (let i = 0; i < 32; i++) for (let j = 0; j < 10; j++) { let s = B2[j]; for (let k = 0; k < 128; k++) s += h[i * 128 + k] * W2[k * 10 + j]; lo[i * 10 + j] = s; }
  let L = 0; const d = new Float64Array(320);
  for (let i = 0; i < 32; i++) { let m = -Infinity, s = 0; for (let j = 0; j < 10; j++) m = Math.max(m, lo[i * 10 + j]); for (let j = 0; j < 10; j++) s += Math.exp(lo[i * 10 + j] - m); L += Math.log(s) + m - lo[i * 10 + Y[i]]; for (let j = 0; j < 10; j++) d[i * 10 + j] = (Math.exp(lo[i * 10 + j] - m) / s - (j === Y[i] ? 1 : 0)) / 32; }
  const dh = new Float64Array(32 * 128); for (let i = 0; i < 32; i++) for (let k = 0; k < 128; k++) { let s = 0; for (let j = 0; j < 10; j++) s += d[i * 10 + j] * W2[k * 10 + j]; dh[i * 128 + k] = h[i * 128 + k] > 0 ? s : 0; }
  for (let k = 0; k < 128; k++) for (let j = 0; j < 10; j++) { let s = 0; for (let i = 0; i < 32; i++) s += h[i * 128 + k] * d[i * 10 + j]; W2[k * 10 + j] -= 0.1 * s; }
  for (let j = 0; j < 10; j++) { let s = 0; for (let i = 0; i < 32; i++) s += d[i * 10 + j]; B2[j] -= 0.1 * s; }
  for (let k = 0; k < 784; k++) for (let j = 0; j < 128; j++) { let s = 0; for (let i = 0; i < 32; i++) s += X[i * 784 + k] * dh[i * 128 + j]; W1[k * 128 + j] -= 0.1 * s; }
  for (let j = 0; j < 128; j++) { let s = 0; for (let i = 0; i < 32; i++) s += dh[i * 128 + j]; B1[j] -= 0.1 * s; }
  return L / 32;
}
for (let i = 0; i < 5; i++) console.log(step(), ref());
for (let r = 0; r < 5; r++) { const t = performance.now(); for (let i = 0; i < 300; i++) step(); console.log("ms/step", ((performance.now() - t) / 300).toFixed(3)); }
