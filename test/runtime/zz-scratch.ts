import { indexLocal, literal, load, add, mul, call, local, select, lt, ge, and, floorMod, floorDiv } from "#ir/expr.js";
import { kernelOf, runWasm, planOf } from "/work/main/test/runtime/run-kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
import wabtInit from "wabt";
const wabt = await wabtInit();
const show = (k: any) => { const { bytes } = encodeModule(planOf(k), { addressOf: () => 0, shared: false }); const m = wabt.readWasm(bytes, { simd: true, readDebugNames: true } as any); console.log(m.toText({ foldExprs: false, inlineExport: false })); };
const j = indexLocal("j", 7);
const data = { a: { dtype: "f32", data: [1,2,3,4,5,6,7] }, b: { dtype: "f32", data: [0,0,0,0,0,0,0] }, s: {dtype:"f32", data:[0]} } as const;
const over = indexLocal("p", 1);
const acc = local("acc","f32");
const k = kernelOf(data, { over, extent: 1, body: [
 { kind: "for", over: j, extent: literal(7), as: "vector", body: [ { kind: "store", buffer: "b", offset: j, value: call("exp", mul(load("a", j, "f32"), literal(2,"f32"))) } ] },
 { kind:"let", local: acc, value: literal(0,"f32")},
 { kind: "for", over: indexLocal("q",7), extent: literal(7), as: "vector", body: [ {kind:"accumulate", local: acc, fn:"sum", value: load("a", indexLocal("q",7),"f32")}]},
 { kind:"store", buffer:"s", offset: literal(0), value: acc},
]});
show(k);
console.log(runWasm(k, data));
const n = 37*4+3;
const d2 = { a: { dtype: "f32", data: Array.from({length:n},(_, i)=>i) }, b: { dtype: "f32", data: new Array(n).fill(0) }, s: {dtype:"f32", data:[0]} } as const;
const jj = indexLocal("j", n);
const k2 = kernelOf(d2, { over, extent: 1, body: [
 { kind:"let", local: acc, value: literal(0,"f32")},
 { kind: "for", over: jj, extent: literal(n), as: "vector", body: [ { kind: "store", buffer: "b", offset: jj, value: mul(load("a", jj, "f32"), literal(2,"f32")) },{kind:"accumulate", local: acc, fn:"sum", value: load("a", jj,"f32")} ] },
 { kind:"store", buffer:"s", offset: literal(0), value: acc},
]});
show(k2);
console.log(runWasm(k2, d2).s, n*(n-1)/2);
