// What the scripts of the large networks share: the table of layers with its total, and one forward pass.
import { data, defineModel, type ExperimentRun, type InputSpecs, type ModelInstance, nn, optim, type Outputs } from "gradloom"; // prettier-ignore

/** A network of images, as a model whose step is gradient descent. */
export function imageModel(
  make: () => nn.Layer,
  image: readonly [channels: number, height: number, width: number],
  lr = 0.01,
) {
  return defineModel({
    name: "network",
    seed: 1,
    inputs: { x: [1, ...image], y: { shape: [1], dtype: "i32" } },
    model: make,
    build: ({ x, y }, net, call) => {
      const scores = net(x, call);
      return {
        loss: () => nn.softmaxCrossEntropy(scores, y).mean(),
        outputs: () => ({ probability: scores.softmax() }),
      };
    },
    optimizer: () => optim.sgd({ lr }),
    data: () => ({ batches: () => [randomImage(image)] }),
  });
}

/** A random image, and a class for it. */
export function randomImage(shape: readonly number[]) {
  const random = data.seeded(1);
  const count = shape.reduce((all, n) => all * n, 1);
  return { x: Float32Array.from({ length: count }, () => random.normal()), y: [3] };
}

/** The table of layers with its totals and, where it is compiled for that, the memory that inference and a training step plan. */
export function showLayers<I extends InputSpecs, O extends Outputs>(
  { report }: Pick<ExperimentRun, "report">,
  name: string,
  model: ModelInstance<I, nn.Layer, O>,
  plan: boolean,
): void {
  const summary = model.summary({ plan });
  summary.tell(report, name);
  const { parameters, multiplyAdds } = summary;
  report.figures({ [`${name}: parameters`]: parameters, [`${name}: multiply-adds`]: multiplyAdds });
}

/** The time of a call, in words, and what it gives. */
export function timed<T>(f: () => T): readonly [T, string] {
  const start = performance.now();
  const result = f();
  return [result, `${((performance.now() - start) / 1000).toFixed(2)} s`];
}
