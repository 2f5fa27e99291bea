// gradloom's eager mode: the same layers and optimisers, an op at a time.
import { grad, keep, scope, tensor, type Tensor } from "../../src/index.js";
import { chainScalars, feedsOf, outputShape, type Task } from "../task.js";
import { numbers, type Outputs, type Step } from "../workload.js";
import { lossOf, modelOf, optimizerOf } from "./gradloom-model.js";

export function eagerStep(task: Task): Step {
  if (task.kind === "product") {
    const { m, k, n } = task;
    const [a, b] = [held(numbers(m * k, 1), [m, k]), held(numbers(k * n, 2), [k, n])];
    return { run: () => computed(() => ({ c: a.matmul(b as never) as unknown as Tensor })) };
  }
  if (task.kind === "elementwise") {
    const x = held(numbers(task.length, 1, 3), [task.length]);
    const [a, b, c] = chainScalars;
    const chain = () => x.mul(a).add(b).sigmoid().mul(x.tanh()).add(x.sub(c).relu()) as Tensor;
    const both = (y: Tensor, sum: Tensor): Record<string, Tensor> =>
      task.gradient ? { sum, dx: grad(sum, [x])[0]! } : { y, sum };
    return {
      run: () =>
        computed(() => {
          const y = chain();
          return both(y, y.sum() as Tensor);
        }),
    };
  }
  const model = modelOf(task.layers);
  const feeds = feedsOf(task);
  const x = held(feeds.x, task.input);
  if (!task.training) return { run: () => computed(() => ({ y: model(x) })) };
  const { target } = task.training;
  const shape = outputShape(task);
  const y = held(feeds.y!, target === "labels" ? shape.slice(0, 1) : shape);
  const optimizer = optimizerOf(task.training.optimizer);
  return { run: () => ({ loss: [optimizer.minimize(() => lossOf(target, model(x), y))] }) };
}

const held = (data: Float32Array | Int32Array, shape: readonly number[]): Tensor =>
  keep(tensor(data, { shape })) as Tensor;

/** The numbers of eager tensors, which are freed. */
function computed(make: () => Readonly<Record<string, Tensor>>): Outputs {
  let outputs: Record<string, ArrayLike<number>> = {};
  scope(() => {
    outputs = Object.fromEntries(Object.entries(make()).map(([name, y]) => [name, y.data()]));
  });
  return outputs;
}
