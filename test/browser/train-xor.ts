// What the page of the browser test runs.
import { compile, Device, Graph, optim, parameter } from "#src/index.js";

/** What a page found. */
export interface Trained {
  readonly isolated: boolean;
  /** Bits of the losses: by `run` on one thread, by `run` where two were asked for, by `runAsync` with one and two. */
  readonly losses: readonly (readonly number[])[];
  /** Threads of the program for two, and how many of them were ready in the end. */
  readonly threads: number;
  readonly answers: readonly number[];
}

/** Learns XOR in all four ways. */
export async function train(): Promise<Trained> {
  const weights = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(7 * i + 1));
  const feeds = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };
  const losses: number[][] = [];
  let [threads, answers]: [number, readonly number[]] = [0, []];
  for (const [wanted, later] of [
    [1, false],
    [2, false],
    [1, true],
    [2, true],
  ] as const) {
    // prettier-ignore
    const device = new Device({ barrierSeconds: 0 });
    const graph = new Graph("xor");
    const x = graph.input("x", [4, 2]);
    const y = graph.input("y", [4, 1]);
    const [w, b] = [parameter([2, 4], weights(8)), parameter([4], weights(4))];
    const [v, c] = [parameter([4, 1], weights(4)), parameter([1], 0)];
    const guess = x.matmul(w).add(b).sigmoid().matmul(v).add(c).sigmoid();
    const loss = guess.sub(y).pow(2).mean();
    const updates = optim.adam({ lr: 0.05 }).minimize(loss);
    const step = compile({ outputs: { loss, guess }, updates }, { threads: wanted, device });
    const seen: number[] = [];
    for (let i = 0; i < 300; i++) {
      const result = later ? await step.runAsync(feeds) : step.run(feeds);
      seen.push(result.loss.data[0]!);
      answers = [...result.guess.data];
    }
    losses.push(seen);
    ({ threads } = step.specializationFor(feeds).program);
    device.dispose();
  }
  return { isolated: crossOriginIsolated, losses, threads, answers };
}
