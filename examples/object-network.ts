// A network of objects: every neuron a node, every weight a connection between two, every number a scalar of the graph. It
// learns the same as the same network of vectors, and shows what vectorising brings.
import {
  data,
  defineExperiment,
  defineModel,
  type Mode,
  optim,
  type Parameter,
  parameter,
  type Tensor,
} from "gradloom";

/** Something with an output. */
class Node {
  output!: Tensor;
  readonly incoming: Connection[] = [];

  constructor(readonly name: string) {}

  /** The sigmoid of the weighted sum of what comes in. */
  compute(): void {
    const parts = this.incoming.map((connection) => connection.carries());
    this.output = parts.reduce((sum, part) => sum.add(part)).sigmoid();
  }
}

/** Always 1: its connections are the biases. */
class ConstNode extends Node {}

class Connection {
  constructor(
    readonly from: Node,
    readonly to: Node,
    readonly weight: Parameter<[]>,
  ) {
    to.incoming.push(this);
  }

  carries(): Tensor {
    return this.from instanceof ConstNode ? this.weight : this.weight.mul(this.from.output);
  }
}

class Layer {
  readonly nodes: readonly Node[];
  readonly constant: ConstNode;

  constructor(number: number, size: number) {
    this.nodes = Array.from({ length: size }, (_, i) => new Node(`${number}-${i}`));
    this.constant = new ConstNode(`${number}-${size}`);
  }
}

class Network {
  readonly layers: readonly Layer[];
  readonly connections: readonly Connection[];

  /** Weights and biases are drawn between −0.1 and 0.1. */
  constructor(sizes: readonly number[], draw: () => number) {
    this.layers = sizes.map((size, i) => new Layer(i, size));
    const connections: Connection[] = [];
    this.layers.slice(1).forEach(({ nodes }, i) => {
      const { nodes: before, constant } = this.layers[i]!;
      for (const from of [...before, constant])
        for (const to of nodes)
          connections.push(new Connection(from, to, parameter([], draw(), { name: `w${from.name}_${to.name}` })));
    });
    this.connections = connections;
  }

  forward(x: readonly Tensor[]): readonly Tensor[] {
    const [first, ...others] = this.layers;
    first!.nodes.forEach((node, i) => (node.output = x[i]!));
    for (const { nodes } of others) for (const node of nodes) node.compute();
    return others.at(-1)!.nodes.map((node) => node.output);
  }

  /** Nodes with what they connect to, as the notes print them. */
  dump(most: number): string {
    const all = this.layers.flatMap(({ nodes, constant }) => [...nodes, constant]);
    const lines = all.slice(0, most).map((node) => {
      const into = node.incoming.length;
      return `node ${node.name}: ${node instanceof ConstNode ? "always 1" : `${into} connections come in`}`;
    });
    const some = this.connections.slice(0, most).map(({ from, to, weight }) => {
      return `connection ${from.name} → ${to.name}: weight ${weight.item().toFixed(4)}`;
    });
    return [...lines, `… ${all.length} nodes`, ...some, `… ${this.connections.length} connections`].join("\n");
  }
}

const rate = 0.3;
const between = (seed: number) => {
  const random = data.seeded(seed);
  return () => 0.2 * random.uniform() - 0.1;
};

/** ½Σ(t − o)², each number a scalar of its own. */
export const objects = (sizes: readonly number[], seed: number) =>
  defineModel({
    name: "object-network",
    inputs: { x: [sizes[0]!], t: [sizes.at(-1)!] },
    model: () => new Network(sizes, between(seed)),
    build: ({ x, t }, network) => {
      const outputs = network.forward(x.unstack(0) as unknown as readonly Tensor[]);
      const targets = t.unstack(0) as unknown as readonly Tensor[];
      const parts = outputs.map((o, i) => squared(targets[i]!.sub(o)).mul(0.5));
      return { loss: parts.reduce((sum, part) => sum.add(part)) };
    },
    optimizer: () => optim.sgd({ lr: rate }),
    data: () => ({ batches: () => [] }),
  });

const squared = (x: Tensor): Tensor => x.mul(x);

/** The same network of vectors and matrices, from the same numbers. */
export const vectors = (sizes: readonly number[], seed: number) =>
  defineModel({
    name: "vector-network",
    inputs: { x: [sizes[0]!], t: [sizes.at(-1)!] },
    model: () => {
      const draw = between(seed);
      return sizes.slice(1).map((size, i) => {
        const numbers = (count: number) => Float32Array.from({ length: count }, draw);
        const before = sizes[i]!;
        return {
          weight: parameter([before, size], numbers(before * size), { name: `weight${i + 1}` }),
          bias: parameter([size], numbers(size), { name: `bias${i + 1}` }),
        };
      });
    },
    build: ({ x, t }, layers) => {
      let y: Tensor = x as unknown as Tensor;
      for (const { weight, bias } of layers)
        y = y
          .matmul(weight as unknown as Tensor)
          .add(bias as never)
          .sigmoid() as Tensor;
      return {
        loss: squared((t as unknown as Tensor).sub(y))
          .sum()
          .mul(0.5),
      };
    },
    optimizer: () => optim.sgd({ lr: rate }),
    data: () => ({ batches: () => [] }),
  });

export default defineExperiment({
  name: "object-network",
  doc: "A network in which every neuron is an object and every weight a scalar, beside the same network of vectors.",
  settings: { hidden: 30, samples: 200, eager: 10, seed: 1 },
  run: async ({ settings, report, from }) => {
    const { train } = await data.mnist(from);
    const sizes = [64, settings.hidden, 10];
    const samples = Array.from({ length: settings.samples }, (_, i) => sample(train, i));
    const kinds = { objects: objects(sizes, settings.seed), vectors: vectors(sizes, settings.seed) };
    report.line(kinds.objects.create().model.dump(6));
    const rows: (string | number)[][] = [];
    const times = new Map<string, number>();
    const losses = new Map<string, readonly number[]>();
    for (const mode of ["compiled", "eager"] as const satisfies readonly Mode[]) {
      for (const [kind, model] of Object.entries(kinds)) {
        const instance = model.create();
        const start = performance.now();
        const executable = mode === "compiled" ? instance.train({ threads: 1 }) : null;
        const step = (feeds: (typeof samples)[0]) => executable?.run(feeds).loss.data[0] ?? instance.eagerStep(feeds);
        const found = [step(samples[0]!)];
        const ready = performance.now();
        const some = mode === "eager" ? samples.slice(1, settings.eager) : samples.slice(1);
        for (const feeds of some) found.push(step(feeds));
        const ms = warm(() => some.forEach(step)) / some.length;
        times.set(`${kind} ${mode}`, ms);
        losses.set(`${kind} ${mode}`, found);
        rows.push([kind, mode, ((ready - start) / 1000).toFixed(2), ms.toPrecision(3)]);
      }
    }
    report.table(["network of", "mode", "first sample, s", "a sample, ms"], rows);
    const slower = (mode: Mode) => times.get(`objects ${mode}`)! / times.get(`vectors ${mode}`)!;
    report.line(
      `objects take ${slower("compiled").toFixed(0)} times as long compiled, ${slower("eager").toFixed(0)} times eagerly`,
    );
    const apart = [...losses.values()].map((found) => distance(found, losses.get("vectors compiled")!));
    report.figures({
      scalars: kinds.objects.create().model.connections.length,
      "times slower compiled": slower("compiled"),
      "times slower eagerly": slower("eager"),
      "losses differ by at most": Math.max(...apart),
    });
  },
});

/** A digit scaled to 8×8 by means of 3×3 pixels, its border left out, with 0.9 in the place of its label and 0.1 elsewhere. */
function sample({ columns }: data.Digits, row: number): { readonly x: Float32Array; readonly t: Float32Array } {
  const pixels = columns.x.data.subarray(row * 784, (row + 1) * 784);
  const x = new Float32Array(64);
  for (let i = 0; i < 24; i++)
    for (let j = 0; j < 24; j++) x[Math.floor(i / 3) * 8 + Math.floor(j / 3)]! += pixels[(i + 2) * 28 + j + 2]! / 9;
  return { x, t: Float32Array.from({ length: 10 }, (_, k) => (k === columns.y.data[row] ? 0.9 : 0.1)) };
}

/** The least time of a call, in ms, once the engine has compiled what is hot: when half a second has brought nothing better. */
function warm(f: () => void): number {
  let least = Infinity;
  for (let since = performance.now(); performance.now() - since < 500;) {
    const start = performance.now();
    f();
    const now = performance.now();
    if (now - start < 0.95 * least) since = now;
    least = Math.min(least, now - start);
  }
  return least;
}

/** The largest relative difference of the first numbers. */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!) / b[i]!));
}
