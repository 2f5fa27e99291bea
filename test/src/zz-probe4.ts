import { compile, Graph, nn, optim, parameter, Tensor, grad, ops, tensor, zeros } from "gradloom";
for (const backend of ["wasm", "js", "interpret"] as const) for (const n of [0, 1, 2]) {
  try {
    const g = new Graph();
    const [x, y]: any[] = [g.input("x", ["n", 3]), g.input("y", ["n"], "i32")];
    const w: any = parameter([3, 4], 0.5), b: any = parameter([4], 0.1), v: any = parameter([4, 2], 0.3), s: any = parameter([4], 1), o: any = parameter([4], 0);
    const h = x.matmul(w).add(b).layerNorm(s, o).gelu();
    const att = h.matmul(h.transpose()).softmax(1).matmul(h);
    const loss = nn.softmaxCrossEntropy(att.matmul(v) as any, y).mean();
    const outs: any = { loss, c: ops.concat([h, att], 0), g: x.gather(y, 1), oh: (ops as any).oneHot(y, 2), sc: zeros([3, 1]), am: att.argmax(1), p: h.pad([1, 0], [0, 1]), r: h.reverse(0), sl: h.slice([0, 1], ["n", 2]), pr: h.prod(1), cs: h.mean(0), d: grad(att.sum(), [x])[0], sa: tensor([1, 2, 3]).scatterAdd?.(y, x.sum(1) as any) };
    const run = compile({ outputs: outs, updates: optim.adam().minimize(loss as any) }, { backend }) as any;
    const r = run.run({ x: new Float32Array(3 * n).fill(0.7), y: new Int32Array(n) });
    const r2 = run.run({ x: new Float32Array(3 * n).fill(0.7), y: new Int32Array(n) });
    console.log(backend, n, Object.entries<any>(r).map(([k, q]) => `${k}[${q.shape}]=${Array.from(q.data).slice(0, 4).map((z: any) => z.toPrecision?.(4))}`).join(" "), r2.loss.data[0], w.data()[0]);
  } catch (e) { console.log(backend, n, (e as Error).stack?.slice(0, 900)); }
}
for (const f of [() => (zeros([0, 3]) as any).layerNorm(zeros([3]), zeros([3])), () => (zeros([0, 3]) as any).softmax(1), () => nn.softmaxCrossEntropy(zeros([0, 3]) as any, zeros([0], "i32") as any).mean(), () => (zeros([0, 3]) as any).matmul(zeros([3, 2])), () => (zeros([2, 0]) as any).matmul(zeros([0, 2])), () => zeros([0, 3]).gather(zeros([0], "i32") as any), () => zeros([3, 2]).gather(zeros([0], "i32") as any), () => grad((zeros([0, 3]) as any).sum(), [zeros([0,3])]), () => (zeros([0]) as any).logSumExp(), () => (zeros([0]) as any).prod(), () => (zeros([0, 2]) as any).argmax(1)])
  try { console.log(String(f.toString().slice(6, 70)), "→", String(f())); } catch (e) { console.log(f.toString().slice(6, 70), "→", String(e).split("\n")[0]); }
