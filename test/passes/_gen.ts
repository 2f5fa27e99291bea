import { appendFileSync, writeFileSync } from "node:fs";
import { Builder } from "#ir/builder.js";
import type { Graph } from "#ir/graph.js";
import type { Operand, Value, Node } from "#ir/node.js";
import type { DType } from "#ir/dtype.js";
import * as o from "#ir/ops/index.js";
import { makeParameter } from "#ir/parameter.js";
import { printGraph } from "#ir/print-graph.js";
import { namedSize } from "#ir/size.js";
import { constantLike } from "#ir/forms.js";

const folder = new URL("./", import.meta.url);
const head: Record<string, string> = {};
class G {
  b = new Builder("g");
  inputs: Node[] = [];
  params: Node[] = [];
  f(name: string, shape: any[], dtype: DType = "f32"): Operand {
    const v = this.b.apply(o.input as any, [], { name, dtype, shape: shape.map((s) => (typeof s === "string" ? namedSize(s) : s)) })[0]!;
    this.inputs.push(v.node);
    return v;
  }
  p(name: string, shape: number[]): Operand {
    const v = this.b.apply(o.parameter as any, [], { parameter: makeParameter(name, { dtype: "f32", shape }) })[0]!;
    this.params.push(v.node);
    return v;
  }
  k(value: number, shape: number[] = [], dtype: DType = "f32"): Operand {
    const s = this.b.apply(o.constant as any, [], { value, dtype, shape: [] })[0]!;
    return shape.length ? o.broadcast(s, shape) : s;
  }
  a(values: number[], shape = [values.length], dtype: DType = "f32"): Operand {
    const A = { f32: Float32Array, f64: Float64Array, i32: Int32Array, bool: Uint8Array, u8: Uint8Array }[dtype];
    return this.b.apply(o.constant as any, [], { value: new A(values), dtype, shape })[0]!;
  }
}
type R = Operand | { out?: Record<string, Operand>; up?: [Operand, Operand][] };
function c(file: string, title: string, build: (g: G) => R) {
  const g = new G();
  const r = build(g);
  const [out, up] = "owner" in r ? [{ return: r as Operand }, []] : [r.out ?? {}, r.up ?? []];
  const graph: Graph = {
    name: "g", builder: g.b, inputs: g.inputs, parameters: g.params,
    outputs: new Map(Object.entries(out) as [string, Value][]), updates: new Map(up.map(([p, v]) => [(p as Value).node, v as Value])), effects: [],
  };
  appendFileSync(new URL(`${file}.ir`, folder), `// ${title}\n${printGraph(graph)}\n=>\n?\n\n`);
}
function start(file: string, text: string) { writeFileSync(new URL(`${file}.ir`, folder), text.split("\n").map((l) => `// ${l}`).join("\n") + "\n\n"); }

const V = [3], M = [2, 3];
let F = "specialize";
start(F, "Named sizes become numbers: batch is 4 and n is 3. Numbers are not compared: before, there are none to compare.");
c(F, "sizes of inputs, attributes and results", (g) => { const x = g.f("x", ["batch", 3]); const b = g.p("b", [3]); return o.add(x, b); });
c(F, "expressions in named sizes are evaluated", (g) => { const x = g.f("x", ["batch", "n"]); return o.reshape(o.concat([x, x], 0), [-1]); });
c(F, "the leaf `size` becomes a constant", (g) => { const x = g.f("x", ["batch"]); return o.mean(x); });
c(F, "a graph without named sizes gets a builder of its own", (g) => o.exp(g.f("x", V)));
c(F, "updates and several outputs are carried over", (g) => { const x = g.f("x", ["batch", 3]); const w = g.p("w", [3]); const s = o.sum(x, 0); return { out: { total: o.sum(s), rows: s }, up: [[w, o.sub(w, s)]] }; });

F = "canonicalize";
start(F, "One form for what can be said in several ways.");
c(F, "c ∘ x → x ∘ c, ∘ commutative", (g) => { const x = g.f("x", V); return o.maximum(g.k(1, V), x); });
c(F, "y ∘ x → x ∘ y, x made before y, ∘ commutative", (g) => { const x = g.f("x", V), y = g.f("y", V); return { out: { a: o.minimum(y, x), b: o.minimum(x, y) } }; });
c(F, "what does not commute stays", (g) => { const x = g.f("x", V), y = g.f("y", V); return { out: { a: o.sub(y, x), b: o.less(y, x), c: o.sub(g.k(1, V), x) } }; });
c(F, "−x · y → −(x · y)", (g) => o.mul(o.neg(g.f("x", V)), o.exp(g.f("y", V))));
c(F, "x · −y → −(x · y)", (g) => o.mul(g.f("x", V), o.neg(g.f("y", V))));
c(F, "−x / y → −(x / y)", (g) => o.div(o.neg(g.f("x", V)), g.f("y", V)));
c(F, "x / −y → −(x / y)", (g) => o.div(g.f("x", V), o.neg(g.f("y", V))));
c(F, "−x − y → −(x + y)", (g) => o.sub(o.neg(g.f("x", V)), g.f("y", V)));
c(F, "sum(−x) → −sum(x)", (g) => o.sum(o.neg(g.f("x", M)), 1));
c(F, "signs of integers stay: their division rounds towards −∞", (g) => o.div(o.neg(g.f("x", V, "i32")), g.f("y", V, "i32")));

F = "algebra";
start(F, "Every rule that an op states of itself, and those between two families.");
const x3 = (g: G) => g.f("x", V), y3 = (g: G) => g.f("y", V);
const T = (t: string, b: (g: G) => R) => c("algebra", t, b);
T("|−x| → |x|", (g) => o.abs(o.neg(x3(g))));
T("|x| → x, x ≥ 0", (g) => o.abs(o.exp(x3(g))));
T("c + x → x + c", (g) => o.add(g.k(2, V), x3(g)));
T("x + 0 → x", (g) => o.add(x3(g), 0));
T("x + −y → x − y", (g) => o.add(x3(g), o.neg(y3(g))));
T("−x + y → y − x", (g) => o.add(o.neg(x3(g)), y3(g)));
T("broadcast x to its own shape → x", (g) => o.broadcast(x3(g), V));
T("broadcast (broadcast x) → broadcast x", (g) => o.broadcast(o.broadcast(x3(g), [2, 3]), [5, 2, 3]));
T("cast x to its own dtype → x", (g) => o.cast(x3(g), "f32"));
T("cast(cast(x, a), b) → cast(x, b), a holds all of x", (g) => o.cast(o.cast(g.f("x", V, "u8"), "i32"), "f32"));
T("a cast that loses something stays", (g) => o.cast(o.cast(x3(g), "i32"), "f32"));
T("ceil(x) → x, x rounded", (g) => o.ceil(o.floor(x3(g))));
T("floor(x) → x, x rounded", (g) => o.floor(o.round(x3(g))));
T("round(x) → x, x rounded", (g) => o.round(o.ceil(x3(g))));
T("clip(x) → x, x within the bounds", (g) => o.clip(o.sigmoid(x3(g)), -1, 2));
T("concat x → x", (g) => o.concat([x3(g)], 0));
T("cos(−x) → cos(x)", (g) => o.cos(o.neg(x3(g))));
T("x / 1 → x", (g) => o.div(x3(g), 1));
T("x / c → x · (1 / c), c a power of two", (g) => o.div(x3(g), 8));
T("division by another number stays", (g) => o.div(x3(g), 3));
T("x / x → 1, x finite and not 0", (g) => { const e = o.add(o.sigmoid(o.cast(g.f("x", V, "i32"), "f32")), 1); return o.div(e, e); });
T("x / x stays where x may be 0", (g) => { const x = x3(g); return o.div(x, x); });
T("−x / −y → x / y", (g) => o.div(o.neg(x3(g)), o.neg(y3(g))));
T("1 / sqrt(x) → rsqrt(x)", (g) => o.div(1, o.sqrt(g.f("pos", V))));
T("x = x → true, x not a float", (g) => { const x = g.f("x", V, "i32"); return o.equal(x, x); });
T("x = x of floats stays: NaN is not itself", (g) => { const x = x3(g); return o.equal(x, x); });
T("x > x → false", (g) => { const x = x3(g); return o.greater(x, x); });
T("x ≥ x → true, x not a float", (g) => { const x = g.f("x", V, "i32"); return o.greaterEqual(x, x); });
T("x < x → false", (g) => { const x = x3(g); return o.less(x, x); });
T("x ≤ x → true, x not a float", (g) => { const x = g.f("x", V, "u8"); return o.lessEqual(x, x); });
T("x ≠ x → false, x not a float", (g) => { const x = g.f("x", V, "i32"); return o.notEqual(x, x); });
const B = (g: G) => g.f("x", V, "bool");
T("x ∧ x → x", (g) => { const x = B(g); return o.logicalAnd(x, x); });
T("x ∧ true → x", (g) => o.logicalAnd(B(g), g.k(1, V, "bool")));
T("true ∧ x → x", (g) => o.logicalAnd(g.k(1, V, "bool"), B(g)));
T("x ∧ false → false", (g) => o.logicalAnd(B(g), g.k(0, V, "bool")));
T("false ∧ x → false", (g) => o.logicalAnd(g.k(0, V, "bool"), B(g)));
T("¬¬x → x", (g) => o.logicalNot(o.logicalNot(B(g))));
T("¬(x = y) → x ≠ y", (g) => o.logicalNot(o.equal(x3(g), y3(g))));
T("¬(x ≠ y) → x = y", (g) => o.logicalNot(o.notEqual(x3(g), y3(g))));
T("x ∨ x → x", (g) => { const x = B(g); return o.logicalOr(x, x); });
T("x ∨ false → x", (g) => o.logicalOr(B(g), g.k(0, V, "bool")));
T("false ∨ x → x", (g) => o.logicalOr(g.k(0, V, "bool"), B(g)));
T("x ∨ true → true", (g) => o.logicalOr(B(g), g.k(1, V, "bool")));
T("true ∨ x → true", (g) => o.logicalOr(g.k(1, V, "bool"), B(g)));
T("x ⊕ x → false", (g) => { const x = B(g); return o.logicalXor(x, x); });
T("x ⊕ false → x", (g) => o.logicalXor(B(g), g.k(0, V, "bool")));
T("x ⊕ true → ¬x", (g) => o.logicalXor(B(g), g.k(1, V, "bool")));
for (const [name, op] of [["sum", o.sum], ["prod", o.prod], ["max", o.max], ["min", o.min]] as const) {
  T(`${name} over axes of size 1 → reshape`, (g) => op(g.f("x", [3, 1]), 1));
  T(`${name} (${name} x) → ${name} x`, (g) => op(op(g.f("x", [2, 3, 4]), 1), 0));
}
T("sums with and without kept axes stay two", (g) => o.sum(o.sum(g.f("x", [2, 3, 4]), 1, { keepDims: true }), 0));
T("sum (broadcast x) over the repeats → n · x", (g) => o.sum(o.broadcast(x3(g), [4, 3]), 0));
T("sum(broadcast x) → sum(x) · n", (g) => o.sum(o.broadcast(x3(g), [4, 3])));
T("max(broadcast x) → max(x)", (g) => o.max(o.broadcast(g.f("x", [2, 3]), [4, 2, 3]), [0, 2], { keepDims: true }));
T("min(broadcast x) → min(x)", (g) => o.min(o.broadcast(x3(g), [4, 3]), 0));
T("a sum over nothing repeated stays", (g) => o.sum(o.broadcast(x3(g), [4, 3]), 1));
T("max(x, x) → x", (g) => { const x = x3(g); return o.maximum(x, x); });
T("max(x, y) → x, x ≥ y", (g) => o.maximum(o.exp(x3(g)), -1));
T("max(x, y) → y, y ≥ x", (g) => o.maximum(o.tanh(o.cast(g.f("x", V, "i32"), "f32")), 2));
T("min(x, x) → x", (g) => { const x = x3(g); return o.minimum(x, x); });
T("min(x, y) → x, x ≤ y", (g) => o.minimum(o.tanh(o.cast(g.f("x", V, "i32"), "f32")), 2));
T("min(x, y) → y, y ≤ x", (g) => o.minimum(o.sigmoid(x3(g)), -1));
T("c · x → x · c", (g) => o.mul(g.k(2, V), x3(g)));
T("x · 1 → x", (g) => o.mul(x3(g), 1));
T("x · 0 → 0, x finite", (g) => o.mul(o.tanh(o.cast(g.f("x", V, "i32"), "f32")), 0));
T("x · 0 stays where x may be infinite", (g) => o.mul(x3(g), 0));
T("x · −1 → −x", (g) => o.mul(x3(g), -1));
T("−x · −y → x · y", (g) => o.mul(o.neg(x3(g)), o.neg(y3(g))));
T("−x · c → x · −c", (g) => o.mul(o.neg(x3(g)), 3));
T("−−x → x", (g) => o.neg(o.neg(x3(g))));
T("−(x − y) → y − x", (g) => o.neg(o.sub(x3(g), y3(g))));
T("−(x · c) → x · −c", (g) => o.neg(o.mul(x3(g), 3)));
T("pad x by nothing → x", (g) => o.pad(x3(g), [0], [0]));
T("pad (pad x) with the same value → pad x", (g) => o.pad(o.pad(x3(g), [1], [0]), [1], [2]));
T("x^0 → 1", (g) => o.pow(x3(g), 0));
T("x^1 → x", (g) => o.pow(x3(g), 1));
T("x^2 → x · x", (g) => o.pow(x3(g), 2));
T("x^3 → x · x · x", (g) => o.pow(x3(g), 3));
T("x^−1 → 1 / x", (g) => o.pow(x3(g), -1));
T("x^0.5 → sqrt(x), x not −∞", (g) => o.pow(o.exp(x3(g)), 0.5));
T("x^−0.5 → rsqrt(x), x > 0", (g) => o.pow(o.add(o.exp(x3(g)), 1), -0.5));
T("1^y → 1", (g) => o.pow(1, x3(g)));
T("relu(x) → x, x ≥ 0", (g) => o.relu(o.relu(x3(g))));
T("reshape x to its own shape → x", (g) => o.reshape(x3(g), V));
T("reshape (reshape x) → reshape x", (g) => o.reshape(o.reshape(g.f("x", M), [6]), [3, 2]));
T("reshape (broadcast scalar) → broadcast scalar", (g) => o.reshape(o.broadcast(g.f("x", []), M), [6]));
T("reverse x along axes of size 1 → x", (g) => o.reverse(g.f("x", [1, 3]), 0));
T("reverse (reverse x) → reverse x", (g) => o.reverse(o.reverse(g.f("x", M), [0, 1]), 1));
T("sign(sign(x)) → sign(x)", (g) => o.sign(o.sign(x3(g))));
T("slice x from 0 to its end → x", (g) => o.slice(x3(g), [0], [3]));
T("slice (slice x) → slice x", (g) => o.slice(o.slice(g.f("x", [9]), [1], [4], [2]), [1], [2], [2]));
T("x − 0 → x", (g) => o.sub(x3(g), 0));
T("0 − x → −x", (g) => o.sub(0, x3(g)));
T("x − x → 0, x finite", (g) => { const t = o.tanh(o.cast(g.f("x", V, "i32"), "f32")); return o.sub(t, t); });
T("x − x stays where x may be infinite", (g) => { const x = x3(g); return o.sub(x, x); });
T("x − −y → x + y", (g) => o.sub(x3(g), o.neg(y3(g))));
T("transpose x by 0, 1, 2 … → x", (g) => o.transpose(g.f("x", M), [0, 1]));
T("transpose (transpose x) → transpose x", (g) => o.transpose(o.transpose(g.f("x", [2, 3, 4]), [1, 0, 2]), [0, 2, 1]));
T("transpose (broadcast scalar) → broadcast scalar", (g) => o.transpose(o.broadcast(g.f("x", []), M)));
const w = (g: G) => g.f("t", V, "bool");
T("where(t, x, x) → x", (g) => { const t = w(g), x = x3(g); return o.where(t, x, x); });
T("where(true, x, y) → x", (g) => o.where(g.k(1, V, "bool"), x3(g), y3(g)));
T("where(false, x, y) → y", (g) => o.where(g.k(0, V, "bool"), x3(g), y3(g)));
T("where(¬t, x, y) → where(t, y, x)", (g) => o.where(o.logicalNot(w(g)), x3(g), y3(g)));
T("where(t, where(t, x, y), z) → where(t, x, z)", (g) => { const t = w(g); return o.where(t, o.where(t, x3(g), y3(g)), g.f("z", V)); });
T("where(t, x, where(t, y, z)) → where(t, x, z)", (g) => { const t = w(g); return o.where(t, x3(g), o.where(t, y3(g), g.f("z", V))); });
T("rules apply to what rules have made, from the leaves to the root", (g) => { const x = x3(g); return o.neg(o.mul(o.add(o.neg(o.neg(x)), 0), -1)); });

F = "stability";
start(F, "Formulas that overflow or cancel, in the forms that do not.");
const S = (t: string, b: (g: G) => R) => c("stability", t, b);
S("log(softmax(x)) → logSoftmax(x)", (g) => o.log(o.softmax(g.f("x", M), 1)));
S("log(sum(exp(x))) → logSumExp(x)", (g) => o.log(o.sum(o.exp(g.f("x", M)), 1, { keepDims: true })));
S("log(sigmoid(x)) → −softplus(−x)", (g) => o.log(o.sigmoid(x3(g))));
S("log(1 − sigmoid(x)) → −softplus(x)", (g) => o.log(o.sub(1, o.sigmoid(x3(g)))));
S("log(1 + exp(x)) → softplus(x)", (g) => o.log(o.add(1, o.exp(x3(g)))));
S("log1p(exp(x)) → softplus(x), x > 0 for some", (g) => o.log1p(o.exp(x3(g))));
S("log1p(exp(x)) is stable where x ≤ 0", (g) => o.log1p(o.exp(o.neg(o.abs(x3(g))))));
S("log(exp(x)) → x", (g) => o.log(o.exp(x3(g))));
S("log(1 + x) → log1p(x)", (g) => o.log(o.add(g.f("pos", V), 1)));
S("log(1 − x) → log1p(−x)", (g) => o.log(o.sub(1, o.tanh(x3(g)))));
S("exp(x) − 1 → expm1(x)", (g) => o.sub(o.exp(x3(g)), 1));
S("exp(x) + −1 → expm1(x)", (g) => o.add(-1, o.exp(x3(g))));
S("log(2 + x) stays", (g) => o.log(o.add(g.f("pos", V), 2)));

F = "decompose";
start(F, "Composite ops as what they are made of.");
c(F, "softmax", (g) => o.softmax(g.f("x", M), 1));
c(F, "silu", (g) => o.silu(x3(g)));
c(F, "a composite of composites goes down to primitives", (g) => o.softmaxCrossEntropy(g.f("logits", M), g.f("index", [2], "i32")));
c(F, "primitives stay", (g) => o.sum(o.exp(g.f("x", M)), 1));

F = "fold-constants";
start(F, "What depends on constants alone is computed.");
c(F, "f(constants) → constant", (g) => o.add(x3(g), o.exp(g.a([0, 1, 2]))));
c(F, "numbers fold to numbers", (g) => o.mul(g.f("x", []), o.div(g.k(1), g.k(3))));
c(F, "a constant of equal numbers → broadcast of the number", (g) => o.add(g.f("x", M), g.a([2, 2, 2, 2, 2, 2], [2, 3])));
c(F, "a broadcast and an iota are not written out", (g) => { const x = g.f("x", [2, 3]); return o.add(o.add(x, o.broadcast(g.a([1, 2, 3]), [2, 3])), o.iota(x, [2, 3], 1, "f32")); });
c(F, "what is computed from an iota folds", (g) => { const x = g.f("x", V); return o.mul(x, o.sqrt(o.iota(x, [3], 0, "f32"))); });
c(F, "equal results become one number", (g) => o.mul(x3(g), o.sub(g.a([1, 2, 3]), g.a([0, 1, 2]))));
c(F, "integers wrap as they do at run time", (g) => o.add(g.f("x", [], "i32"), o.add(g.k(2147483647, [], "i32"), g.k(1, [], "i32"))));
c(F, "an index out of range is left to the run", (g) => o.add(g.f("x", [1]), o.where(g.f("never", [1], "bool"), o.gather(g.a([1, 2]), g.a([5], [1], "i32")), g.k(0, [1]))));
c(F, "large results stay", (g) => { const x = g.f("x", []); return o.add(x, o.sum(o.sqrt(o.iota(x, [100000], 0, "f32")))); });

F = "move";
start(F, "Views sink below elementwise work.");
c(F, "f(broadcast x) → broadcast f(x), f elementwise", (g) => o.exp(o.broadcast(x3(g), [4, 3])));
c(F, "f(transpose x) → transpose f(x), f elementwise", (g) => o.exp(o.transpose(g.f("x", M))));
c(F, "f(reshape x) → reshape f(x), f elementwise", (g) => o.exp(o.reshape(g.f("x", M), [6])));
c(F, "numbers pass with any view", (g) => o.clip(o.add(o.transpose(g.f("x", M)), 1), 0, 1));
c(F, "equal views of both operands become one", (g) => o.mul(o.transpose(g.f("x", M)), o.transpose(g.f("y", M))));
c(F, "different views stay", (g) => o.mul(o.broadcast(x3(g), [3, 3], [0]), o.broadcast(y3(g), [3, 3], [1])));
c(F, "one view beside a tensor stays", (g) => o.mul(o.transpose(g.f("x", M)), g.f("y", [3, 2])));
c(F, "a comparison of broadcasts compares before it repeats", (g) => o.greater(o.broadcast(x3(g), [4, 3]), 0));
c(F, "a slice does not sink: the work would grow", (g) => o.exp(o.slice(g.f("x", [9]), [0], [3])));
c(F, "two numbers are combined before they are repeated", (g) => o.add(o.broadcast(g.f("x", []), V), o.broadcast(g.f("y", []), V)));

F = "cse";
start(F, "Equal nodes are one by interning; equal large constants are made one here.");
const big = Array.from({ length: 40 }, (_, i) => i);
c(F, "two constants of equal numbers → one", (g) => { const x = g.f("x", [40]); return o.mul(o.add(x, g.a(big)), o.add(x, g.a(big))); });
c(F, "constants that differ stay two", (g) => { const x = g.f("x", [40]); return o.mul(o.add(x, g.a(big)), o.add(x, g.a(big.with(7, 0.5)))); });

F = "dce";
start(F, "What no root needs.");
c(F, "update w = w → nothing", (g) => { const x = x3(g), v = g.p("v", [3]), u = g.p("u", [3]); return { out: { y: o.add(x, v) }, up: [[v, v], [u, x]] }; });
c(F, "a parameter that nothing reads or updates → nothing", (g) => { g.p("unread", [3]); return o.exp(x3(g)); });
c(F, "inputs stay, also those that nothing reads", (g) => { y3(g); return o.exp(x3(g)); });

F = "pipeline";
start(F, "All passes of passes/pipelines.ts, in order.");
c(F, "dense layer with relu", (g) => o.relu(o.add(o.matmul(g.f("x", [4, 3]), g.p("w", [3, 2])), g.p("b", [2]))));
c(F, "a transpose on both sides of elementwise work is gone", (g) => o.transpose(o.relu(o.mul(o.transpose(g.f("x", M)), 2))));
c(F, "the mean of a broadcast is the mean", (g) => o.mean(o.exp(o.broadcast(x3(g), [4, 3]))));
c(F, "equal terms written in two orders are one", (g) => { const x = x3(g), y = y3(g); return { out: { a: o.exp(o.add(x, y)), b: o.exp(o.add(y, x)) } }; });
c(F, "an optimiser step", (g) => { const w = g.p("w", V), x = x3(g); return { up: [[w, o.add(w, o.neg(o.mul(o.mul(x, 2), 0.125)))]] }; });
