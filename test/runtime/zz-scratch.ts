import { indexLocal, literal, load, add, mul, call, local, select, lt, ge, and, sub, floorMod, floorDiv, type Expr } from "#ir/expr.js";
import { kernelOf, runWasm, planOf } from "./run-kernel.js";
import { arrayOf } from "#ir/dtype.js";
import { KernelInterpreter } from "#runtime/interpret-kernel.js";
const n = 36;
const c = (f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));
const j = indexLocal("j", 18), row = indexLocal("row", 2), u = indexLocal("u", 1);
const data = { bool: { dtype: "bool", data: c((i) => (i * 7 % 3) & 1) }, i32: { dtype: "i32", data: c(i => i * 13 % 41 - 20) }, index: { dtype: "i32", data: c(i => i * 5 % 36) }, y: { dtype: "i32", data: c(() => 0) } } as const;
const at = add(mul(row, literal(18)), j);
const cond = load("bool", add(row, floorDiv(j, 2)), "bool");
const pad = select(ge(add(at, literal(-8)), literal(0)), load("i32", add(at, literal(-8)), "i32"), literal(0));
const other = add(call("minimum", load("i32", load("index", u, "i32"), "i32"), sub(load("i32", load("index", row, "i32"), "i32"), j)), row);
for (const [name, v] of Object.entries({ cond: select(cond, literal(1), literal(2)), pad, other, all: select(cond, pad, other), c2: select(cond, pad, literal(5)), c3: select(cond, literal(3), other) } as Record<string, Expr>)) {
  const k = kernelOf(data, { over: row, extent: 2, body: [{ kind: "for", over: j, extent: literal(18), as: "vector", body: [{ kind: "for", over: u, extent: literal(1), as: "unrolled", body: [{ kind: "store", buffer: "y", offset: at, value: v }] }] }] });
  const arrays = Object.values(data).map(({ dtype, data }) => arrayOf(dtype, data));
  new KernelInterpreter(k).run(arrays);
  const got = runWasm(k, data).y!;
  console.log(name, String(got) === String([...arrays[3]!]), String(got).slice(0, 60), String([...arrays[3]!]).slice(0, 60));
}
