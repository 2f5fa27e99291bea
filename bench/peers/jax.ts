// @jax-js/jax on wasm: a whole step is one jitted function. One thread, since it has no more in Node.
import { chainScalars, feedsOf, type Network, outputShape, parametersOf, type Task, type Training } from "../task.js";
import { numbers, type Outputs, type Step } from "../workload.js";
import { jaxLayers } from "./jax-layers.js";
import type { Jax, JaxArray } from "./jax-types.js";
import { imported } from "./packages.js";
import type { MakeStep } from "./peer.js";

/** Loads the library. */
export async function jaxJs(): Promise<MakeStep> {
  const jax = await imported<Jax>("@jax-js/jax/dist/index.js");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return (task) => stepOf(jax, task);
}

function stepOf(jax: Jax, task: Task): Step {
  const { numpy: np, nn } = jax;
  switch (task.kind) {
    case "product": {
      const { m, k, n } = task;
      const [a, b] = [np.array(numbers(m * k, 1)).reshape([m, k]), np.array(numbers(k * n, 2)).reshape([k, n])];
      const product = jax.jit((x: JaxArray, y: JaxArray) => np.matmul(x, y));
      return { run: () => read({ c: product(a.ref, b.ref) }) };
    }
    case "elementwise": {
      const x = np.array(numbers(task.length, 1, 3));
      const [a, b, c] = chainScalars;
      const chain = (v: JaxArray): JaxArray =>
        nn
          .sigmoid(v.ref.mul(a).add(b))
          .mul(np.tanh(v.ref))
          .add(nn.relu(v.sub(c)));
      const forward = jax.jit((v: JaxArray) => {
        const y = chain(v);
        return [y.ref, y.sum()] as const;
      });
      const backward = jax.jit(jax.valueAndGrad((v: JaxArray) => chain(v).sum()));
      const run = (): Outputs => {
        if (!task.gradient) {
          const [y, sum] = forward(x.ref);
          return read({ y, sum });
        }
        const [sum, dx] = backward(x.ref);
        return read({ sum, dx });
      };
      return { run };
    }
    case "network":
      return networkStep(jax, task);
  }
}

/** The numbers of arrays, which are freed by that. */
function read(arrays: Readonly<Record<string, JaxArray>>): Outputs {
  const outputs: Record<string, ArrayLike<number>> = {};
  for (const [name, array] of Object.entries(arrays)) outputs[name] = array.dataSync();
  return outputs;
}

function networkStep(jax: Jax, network: Network): Step {
  const { numpy: np, nn } = jax;
  const { input, layers, training } = network;
  const feeds = feedsOf(network);
  const model = jaxLayers(jax, layers, training !== undefined);
  const x = np.array(feeds.x).reshape(input);
  let parameters = parametersOf(layers).map(({ data, shape }) => np.array(data).reshape(shape));
  if (!training) {
    const forward = jax.jit((v: JaxArray, p: readonly JaxArray[]) => model(v, p));
    return { run: () => read({ y: forward(x.ref, parameters.map(held)) }) };
  }
  const shape = outputShape(network);
  const target = np.array(training.target === "labels" ? oneHot(feeds.y!, shape[1]!) : (feeds.y as Float32Array));
  const y = target.reshape(shape);
  const lossOf = (p: JaxArray[], v: JaxArray, goal: JaxArray): JaxArray => {
    const output = model(v, p);
    if (training.target === "labels")
      return nn
        .logSoftmax(output, -1)
        .mul(goal)
        .sum()
        .mul(-1 / shape[0]!);
    const off = output.sub(goal);
    return np.mean(off.ref.mul(off));
  };
  const { begin, next } = optimizerOf(jax, training.optimizer);
  let state = begin(parameters);
  const step = jax.jit((p: JaxArray[], s: JaxArray[], v: JaxArray, goal: JaxArray) => {
    const [loss, slopes] = jax.valueAndGrad(lossOf)(p.map(held), v, goal);
    const [after, stateAfter] = next(p, slopes, s);
    return [loss, after, stateAfter] as const;
  });
  const run = (): Outputs => {
    const [loss, after, stateAfter] = step(parameters, state, x.ref, y.ref);
    [parameters, state] = [after, stateAfter];
    return read({ loss });
  };
  return { run };
}

const held = (array: JaxArray): JaxArray => array.ref;

function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + labels[i]!] = 1;
  return rows;
}

interface Optimizer {
  begin(parameters: readonly JaxArray[]): JaxArray[];
  next(parameters: JaxArray[], slopes: JaxArray[], state: JaxArray[]): [JaxArray[], JaxArray[]];
}

/** SGD without state; Adam, whose state is the number of steps, then means of slopes, then of their squares. */
function optimizerOf({ numpy: np }: Jax, { kind, lr }: Training["optimizer"]): Optimizer {
  if (kind === "sgd") {
    return { begin: () => [], next: (p, slopes, s) => [p.map((value, i) => value.sub(slopes[i]!.mul(lr))), s] };
  }
  const begin = (parameters: readonly JaxArray[]) => {
    const zeros = () => parameters.map(({ shape }) => np.zeros(shape));
    return [np.array([0]).reshape([]), ...zeros(), ...zeros()];
  };
  const next: Optimizer["next"] = (p, slopes, [steps, ...moments]) => {
    const t = steps!.add(1);
    const count = p.length;
    const means = moments.slice(0, count).map((m, i) => m.mul(0.9).add(slopes[i]!.ref.mul(0.1)));
    const squares = moments.slice(count).map((v, i) => v.mul(0.999).add(slopes[i]!.ref.mul(slopes[i]!).mul(0.001)));
    const unbias = (beta: number) =>
      np
        .exp(t.ref.mul(Math.log(beta)))
        .mul(-1)
        .add(1);
    const [c1, c2] = [unbias(0.9), unbias(0.999)];
    const after = p.map((value, i) => {
      const size = np.sqrt(squares[i]!.ref.div(c2.ref)).add(1e-8);
      return value.sub(means[i]!.ref.div(c1.ref).mul(lr).div(size));
    });
    c1.dispose();
    c2.dispose();
    return [after, [t, ...means, ...squares]];
  };
  return { begin, next };
}
