// 784-300-10 sigmoids, one sample at a time, as the course notes' object-per-neuron program learns MNIST: targets are 0.9 and
// 0.1, the error is ½Σ(t − o)². Every 10 epochs the test error is measured, and training stops when it has risen. With
// --set checkpoint=FOLDER a run that was killed goes on where it was.
import { callbacks, data, defineExperiment, defineModel, evaluate, fit, metrics, nn, optim, plots } from "gradloom";

const init = nn.initializers.uniform(-0.1, 0.1);

/** The notes' network. */
export const perSample = defineModel({
  name: "per-sample",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () =>
    nn.sequential(
      nn.dense(784, 300, { activation: "sigmoid", init, biasInit: init }),
      nn.dense(300, 10, { activation: "sigmoid", init, biasInit: init }),
    ),
  build: ({ x, y }, model) => {
    const outputs = model(x);
    const targets = y.oneHot(10).mul(0.8).add(0.1);
    const errors = targets.sub(outputs);
    return {
      loss: () => errors.mul(errors).sum(1).mean().mul(0.5),
      outputs: () => ({ digit: outputs.argmax(1) }),
    };
  },
  optimizer: () => optim.sgd({ lr: 0.3 }),
});

export default defineExperiment({
  name: "per-sample",
  doc: "A 784-300-10 network of sigmoids learns MNIST sample by sample, until the test error rises.",
  settings: { epochs: 100, every: 10, samples: 60_000, tests: 10_000, seed: 1, checkpoint: "" },
  run: async ({ settings: { epochs, every, samples, tests, seed, checkpoint }, mode, report, from }) => {
    const { train, test: all } = await data.mnist(from);
    const test = all.slice(0, tests);
    const model = perSample.create({ seed });
    const saving = checkpoint === "" ? [] : [callbacks.checkpoints(checkpoint, { every: 1, resume: true })];
    const history = await fit(model, train.slice(0, samples), {
      epochs,
      batchSize: 1,
      shuffle: false,
      validation: test,
      validateEvery: every,
      metrics: { error: ({ digit }, { y }) => 1 - metrics.accuracy(digit, y) },
      callbacks: [callbacks.earlyStopping({ monitor: "validation error" }), ...saving],
      mode,
    });
    const rows = history.epochs.flatMap(({ epoch, figures }) => {
      const error = figures["validation error"];
      return error === undefined ? [] : [[epoch, figures.loss!.toFixed(5), `${(100 * error).toFixed(2)} %`] as const];
    });
    report.table(["epoch", "training error", "test error"], rows);
    if (history.stopped !== null) report.line(history.stopped);
    await report.picture(
      "loss",
      plots.lines(
        { "test error": history.curves["validation error"]! },
        { title: "784-300-10, one sample at a time", x: "epoch" },
      ),
    );
    const { error } = evaluate(model, test, {
      metrics: { error: ({ digit }, { y }) => 1 - metrics.accuracy(digit, y) },
    });
    report.figures({ "test error": error!, "seconds an epoch": history.seconds / history.epochs.length });
    report.line("The course notes' program, an object for every neuron, took 9000 s an epoch.");
  },
});
