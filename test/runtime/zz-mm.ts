import { indexLocal, literal, load, add, mul, call, local, floorDiv, floorMod, type Expr } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { kernelOf, planOf } from "./run-kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
import wabtInit from "wabt";
import { writeFileSync } from "node:fs";
const [M, N, K, MR, NR] = process.argv.slice(2).map(Number) as [number,number,number,number,number];
const over = indexLocal("t", (M / MR) * (N / NR));
const i0 = mul(floorDiv(over, N / NR), literal(MR)), j0 = mul(floorMod(over, N / NR), literal(NR));
let id = 0;
const i = () => indexLocal(`i${id++}`, MR), j = () => indexLocal(`j${id++}`, NR);
const at = (i: Expr, j: Expr) => add(mul(i, literal(NR)), j);
const [ia, ja, ib, jb, ic, jc] = [i(), j(), i(), j(), i(), j()];
const k = indexLocal("k", K), a = local("a", "f32");
const unroll = (v: any, body: Stmt[]): Stmt => ({ kind: "for", over: v, extent: literal(v.extent), as: "unrolled", body });
const vec = (v: any, body: Stmt[]): Stmt => ({ kind: "for", over: v, extent: literal(v.extent), as: "vector", body });
const body: Stmt[] = [
  { kind: "scratch", name: "acc", dtype: "f32", length: MR * NR, in: "registers" },
  unroll(ia, [vec(ja, [{ kind: "store", buffer: "acc", offset: at(ia, ja), value: literal(0, "f32") }])]),
  { kind: "for", over: k, extent: literal(K), as: "serial", body: [
    unroll(ib, [
      { kind: "let", local: a, value: load("A", process.argv[7] ? mul(add(i0, ib), literal(K)) : add(mul(add(i0, ib), literal(K)), k), "f32") },
      vec(jb, [{ kind: "store", buffer: "acc", offset: at(ib, jb), value: add(load("acc", at(ib, jb), "f32"), mul(a, load("B", process.argv[7] ? add(j0, jb) : add(mul(k, literal(N)), add(j0, jb)), "f32"))) }]),
    ]) ] },
  unroll(ic, [vec(jc, [{ kind: "store", buffer: "C", offset: add(mul(add(i0, ic), literal(N)), add(j0, jc)), value: load("acc", at(ic, jc), "f32") }])]),
];
const z = (n: number) => ({ dtype: "f32" as const, data: { length: n } as any });
const kernel = kernelOf({ A: z(M * K), B: z(K * N), C: z(M * N) }, { over, extent: over.extent!, body });
const peak = process.argv[7] === "peak"; void peak;
const t0 = performance.now();
const { bytes } = encodeModule(planOf(kernel), { addressOf: () => 0, shared: false });
console.log("encode ms", performance.now() - t0, bytes.length);
const wabt = await wabtInit();
writeFileSync("/tmp/mm.wat", wabt.readWasm(bytes, { simd: true, readDebugNames: true } as any).toText({}));
const memory = new WebAssembly.Memory({ initial: 200 });
const inst = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, threadScratch: 0, fail() {} } });
const run = inst.exports.run as any;
const [pa, pb, pc] = [64, 64 + M * K * 4, 64 + M * K * 4 + K * N * 4];
const A = new Float32Array(memory.buffer, pa, M * K), B = new Float32Array(memory.buffer, pb, K * N), C = new Float32Array(memory.buffer, pc, M * N);
A.forEach((_, i) => (A[i] = Math.sin(i))); B.forEach((_, i) => (B[i] = Math.cos(i)));
const reps = Math.ceil(2e8 / (2 * M * N * K));
let best = 0;
for (let r = 0; r < 40; r++) { const t = process.cpuUsage().user / 1e3; for (let q = 0; q < reps; q++) run(0, pa, pb, pc); const s = (process.cpuUsage().user / 1e3 - t) / 1e3; best = Math.max(best, (2 * M * N * K * reps) / s / 1e9); }
let worst = 0;
for (let m = 0; m < M; m += 7) for (let n = 0; n < N; n++) { let s = 0; for (let k = 0; k < K; k++) s += A[m * K + k]! * B[k * N + n]!; worst = Math.max(worst, Math.abs(s - C[m * N + n]!)); }
console.log(`${M}x${N}x${K} tile ${MR}x${NR}: best GFLOP/s`, best.toFixed(1), "max error", worst);
