// scan, fori, whileLoop and cond: in a graph on every backend, eager, and against plain loops in double precision.
import { describe, expect, test } from "vitest";
import { printGraph } from "#ir/print-graph.js";
import { parseGraph } from "#ir/parse-graph.js";
import {
  compile,
  cond,
  Device,
  type Executable,
  fori,
  grad,
  Graph,
  scan,
  type Tensor,
  tensor,
  vjp,
  whileLoop,
} from "#src/index.js";

const devices = (["interpret", "js", "wasm"] as const).map((backend) => new Device({ backend }));

/** Outputs of a function of tensors, on every backend and eager; all must agree within `within`. */
function everywhere<O extends Record<string, Tensor>>(
  fn: (inputs: Record<string, Tensor>) => O,
  feeds: Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>,
  within = 1e-5,
): Record<keyof O, readonly number[]> {
  const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
  const given = Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, Float32Array.from(data)]));
  const eager = fn(
    Object.fromEntries(
      Object.entries(feeds).map(([name, { shape, data }]) => [name, tensor(data, { shape })]),
    ) as never,
  );
  const found = Object.fromEntries(Object.entries(eager).map(([name, x]) => [name, [...x.data()] as number[]]));
  for (const device of devices) {
    const e = compile(fn as never, shapes as never, { device }) as unknown as Executable;
    const results = e.run(given as never) as Record<string, { readonly data: ArrayLike<number> }>;
    for (const [name, numbers] of Object.entries(found)) {
      const own = Array.from(results[name]!.data);
      expect(own.length, `${name} on ${device.backend}`).toBe(numbers.length);
      own.forEach((x, i) =>
        expect(Math.abs(x - numbers[i]!), `${name}[${i}] on ${device.backend}`).toBeLessThan(within),
      );
    }
    e.dispose();
  }
  return found as unknown as Record<keyof O, readonly number[]>;
}

const numbers = (count: number, seed: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + seed) * 0.8);

describe("scan", () => {
  const [steps, width] = [5, 3];
  const feeds = {
    x: { shape: [steps, width], data: numbers(steps * width, 1) },
    w: { shape: [width, width], data: numbers(width * width, 2) },
    s: { shape: [width], data: numbers(width, 3) },
  };
  const recurrent = ({ x, w, s }: Record<string, Tensor>, options = {}): [Tensor, Tensor] =>
    scan(
      (h: Tensor, xt: Tensor) => {
        const next = h.matmul(w!).add(xt).tanh();
        return [next, next.mul(2)];
      },
      s!,
      x!,
      options,
    ) as [Tensor, Tensor];

  /** The same in plain numbers. */
  function plainly(reverse: boolean) {
    const [x, w] = [feeds.x.data, feeds.w.data];
    let h = [...feeds.s.data];
    const ys: number[][] = Array.from({ length: steps }, () => []);
    for (let k = 0; k < steps; k++) {
      const t = reverse ? steps - 1 - k : k;
      h = h.map((_, j) => Math.tanh(x[t * width + j]! + h.reduce((sum, v, i) => sum + v * w[i * width + j]!, 0)));
      ys[t] = h.map((v) => 2 * v);
    }
    return { last: h, ys: ys.flat() };
  }

  test.each([false, true])("a recurrent layer is what plain loops compute, reverse %s", (reverse) => {
    const found = everywhere((inputs) => {
      const [last, ys] = recurrent(inputs, { reverse });
      return { last, ys };
    }, feeds);
    const truth = plainly(reverse);
    found.last.forEach((v, i) => expect(v).toBeCloseTo(truth.last[i]!, 5));
    found.ys.forEach((v, i) => expect(v).toBeCloseTo(truth.ys[i]!, 5));
  });

  test.each([
    {},
    { reverse: true },
    { checkpoint: 2 },
    { checkpoint: 2, reverse: true },
    { checkpoint: 5 },
    { unroll: true },
  ])("first and second derivatives agree with eager ones, %o", (options) => {
    everywhere(
      (inputs) => {
        const [last, ys] = recurrent(inputs, options);
        const loss = last.sum().add(ys.mul(ys).sum());
        const [dw, ds, dx] = grad(loss, [inputs.w!, inputs.s!, inputs.x!]);
        const [ddw] = grad(dw.mul(dw).sum(), [inputs.w!]);
        return { loss, dw, ds, dx, ddw };
      },
      feeds,
      2e-3,
    );
  });

  test("the loop is one step of the text, and its text parses", () => {
    const g = new Graph("g");
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, g.input(name, shape)]));
    const [last] = recurrent(inputs as never);
    const e = compile({ outputs: { last } });
    const text = printGraph(parseGraph(printGraph(e.graph)));
    expect(text).toBe(printGraph(e.graph));
    expect(text.match(/ = loop /g)).toHaveLength(1);
  });

  test("the program does not grow with the number of turns", () => {
    const lengths = [10, 1000].map((turns) => {
      const e = compile(({ x, w }) => recurrent({ x, w, s: x.slice([0, 0], [1, width]).reshape([width]) })[0], { x: [turns, width], w: [width, width] }); // prettier-ignore
      return e.plan().steps.length;
    });
    expect(lengths[0]).toBe(lengths[1]);
  });

  test("contractions of the inputs, and gradients of weights, leave the loop", () => {
    const e = compile(
      ({ x, wx, wh, s }) => {
        const [last] = scan((h: Tensor, xt: Tensor) => [h.matmul(wh).add(xt.matmul(wx)).tanh()], s, x) as [
          Tensor,
          unknown,
        ];
        const [dwx, dwh] = grad(last.mul(last).sum(), [wx, wh]);
        return { dwx, dwh };
      },
      { x: [7, 4, 5], wx: [5, 3], wh: [3, 3], s: [4, 3] },
    );
    const plan = e.plan();
    const inLoops = (i: number) => plan.regions.some(({ from, to }) => from <= i && i < to);
    const products = plan.steps.flatMap(({ kernel }, i) =>
      kernel.ops.filter((op) => op === "matmul").map(() => (inLoops(i) ? "inside" : "outside")),
    );
    // x·Wx before, both gradients of weights after; h·Wh and its gradient by h inside.
    expect(products.toSorted()).toEqual(["inside", "inside", "outside", "outside", "outside"]);
  });
});

test("checkpoints keep a fraction of the memory", () => {
  const bytes = [{}, { checkpoint: 20 }].map((options) => {
    const e = compile(
      ({ x, w, s }) => {
        const [last] = scan((h: Tensor, v: Tensor) => [h.matmul(w).add(v).tanh().mul(h.sigmoid())], s, x, options);
        return { dw: grad((last as Tensor).sum(), [w])[0] };
      },
      { x: [400, 8, 16], w: [16, 16], s: [8, 16] },
    );
    return e.plan().memory.planned - 4 * 400 * 8 * 16;
  });
  expect(bytes[1]! / bytes[0]!).toBeLessThan(0.4);
});

describe("fori", () => {
  test("counts", () => {
    const found = everywhere(({ x }) => ({ y: fori(4, (i, s: Tensor) => s.mul(2).add(i.cast("f32")), x!) }), {
      x: { shape: [2], data: [1, 2] },
    });
    expect(found.y).toEqual([16 + 11, 32 + 11]);
  });
});

describe("whileLoop", () => {
  const halving = ({ x }: Record<string, Tensor>, options = {}) =>
    whileLoop(
      (s: Tensor) => s.mul(s).sum().greater(1),
      (s: Tensor) => s.mul(0.5),
      x!,
      options,
    );

  test.each([
    [[8, 6], 4],
    [[0.1, 0.2], 0],
    [[1.5, 0], 1],
  ])("%o is halved %i times", (data, times) => {
    const found = everywhere((inputs) => ({ y: halving(inputs) }), { x: { shape: [2], data } });
    found.y.forEach((y, i) => expect(y).toBeCloseTo(data[i]! / 2 ** times, 6));
  });

  test("differentiates where the number of turns has a limit", () => {
    const found = everywhere(
      (inputs) => {
        const y = halving(inputs, { maxIterations: 10 });
        const [dx] = grad(y.mul(y).sum(), [inputs.x!]);
        return { dx };
      },
      { x: { shape: [2], data: [8, 6] } },
    );
    expect(found.dx[0]).toBeCloseTo((2 * 8) / 256, 5);
  });

  test("says what passed its limit, at run", () => {
    const endless = ({ x }: Record<string, Tensor>) =>
      whileLoop(
        (s: Tensor) => s.sum().greater(0),
        (s: Tensor) => s,
        x!,
        { maxIterations: 7 },
      );
    for (const device of devices) {
      const e = compile(endless as never, { x: [2] } as never, { device }) as unknown as Executable;
      expect(() => e.run({ x: Float32Array.of(1, 2) } as never)).toThrow(/still holds after 7 turns/);
      expect(() => e.run({ x: Float32Array.of(-1, -2) } as never)).not.toThrow();
    }
    expect(() => endless({ x: tensor([1, 2]) })).toThrow(/still holds after 7 turns/);
  });
});

describe("cond", () => {
  const chosen = ({ p, x, y }: Record<string, Tensor>) =>
    cond(p!.sum().greater(0), () => x!.mul(y!), () => x!.sub(y!)); // prettier-ignore
  test.each([1, -1])("takes one of two ways, %d, and so do gradients", (p) => {
    const found = everywhere(
      (inputs) => {
        const z = chosen(inputs);
        const [dx, dy] = grad(z.sum(), [inputs.x!, inputs.y!]);
        return { z, dx, dy };
      },
      { p: { shape: [1], data: [p] }, x: { shape: [2], data: [3, 4] }, y: { shape: [2], data: [5, -6] } },
    );
    expect(found).toEqual(
      p > 0 ? { z: [15, -24], dx: [5, -6], dy: [3, 4] } : { z: [-2, 10], dx: [1, 1], dy: [-1, -1] },
    );
  });

  test("stands in the step of a scan, with tensors from outside of both", () => {
    const found = everywhere(
      ({ x, w, s }) => {
        const next = (h: Tensor, v: Tensor) => cond(v.sum().greater(0), () => h.mul(w!).add(v), () => h.sub(w!)); // prettier-ignore
        const [y] = scan((h: Tensor, v: Tensor) => [next(h, v)], s!, x!) as [Tensor, unknown];
        return { y, dw: grad(y.sum(), [w!])[0] };
      },
      {
        x: { shape: [3, 2], data: [1, 1, -1, -1, 2, 2] },
        w: { shape: [2], data: [2, 3] },
        s: { shape: [2], data: [1, 1] },
      },
    );
    // (w·s + 1 − w)·w + 2, whose derivative is 1 + 2w·(s − 1).
    expect(found).toEqual({ y: [4, 5], dw: [1, 1] });
  });

  test("holds a scan", () => {
    const found = everywhere(
      ({ p, x, s }) => ({
        y: cond(
          p!.sum().greater(0),
          () => scan((h: Tensor, v: Tensor) => [h.mul(2).add(v)], s!, x!)[0] as Tensor,
          () => s!,
        ),
      }),
      { p: { shape: [1], data: [1] }, x: { shape: [3], data: [1, 2, 3] }, s: { shape: [], data: [1] } },
    );
    expect(found.y).toEqual([8 + 4 + 4 + 3]);
  });

  test("what a branch computes is not computed where the other one is taken", () => {
    const e = compile(({ p, x }) => cond(p.greater(0), () => x.matmul(x), () => x), { p: [], x: [8, 8] }); // prettier-ignore
    const { steps, regions } = e.plan();
    const at = steps.findIndex(({ kernel }) => kernel.ops.includes("matmul"));
    expect(regions.some(({ kind, from, to }) => kind === "branch" && from <= at && at < to)).toBe(true);
  });
});

test("vjp goes through a scan of records", () => {
  const { value, pullback } = vjp(
    (a: Tensor) => {
      const [last] = scan(
        (state: { readonly s: Tensor; readonly n: Tensor }, xt: Tensor) => [
          { s: state.s.mul(a).add(xt), n: state.n.add(1) },
        ],
        { s: tensor(1), n: tensor(0) },
        tensor([1, 2, 3]),
      );
      return last as { readonly s: Tensor; readonly n: Tensor };
    },
    [tensor(2)],
  );
  expect([value.s.item(), value.n.item()]).toEqual([8 + 4 + 4 + 3, 3]);
  expect(pullback({ s: tensor(1), n: tensor(0) })[0].item()).toBe(3 * 4 + 2 * 2 + 2);
});
