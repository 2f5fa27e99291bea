// Training steps of dense and convolutional networks.
import { nn, optim, type Tensor } from "../../src/index.js";
import { labels, numbers, type Workload } from "../workload.js";
import { trainingStep } from "./training.js";

/** 784-128-10, softmax cross entropy, SGD. */
export const mlp = (batch: number): Workload => ({
  name: `mlp-${batch}`,
  title: `MLP 784-128-10, SGD, batch ${batch}`,
  flops: 2 * batch * (784 * 128 * 2 + 128 * 10 * 3),
  gradloom(settings) {
    const model = nn.sequential(nn.dense(784, 128, { activation: "relu" }), nn.dense(128, 10));
    return trainingStep(
      {
        x: [batch, 784],
        y: [batch],
        yDType: "i32",
        feeds: { x: numbers(batch * 784, 100), y: labels(batch, 10) },
        parameters: model.parameters,
        loss: (x, y) => nn.softmaxCrossEntropy(model(x as never) as never, y as never).mean() as Tensor,
        optimizer: optim.sgd({ lr: 0.01 }),
      },
      settings,
    );
  },
});

/** 784-100-100-100-10, Adam, batch 64. */
export const deep: Workload = {
  name: "deep",
  title: "784-100-100-100-10, Adam, batch 64",
  flops: 2 * 64 * (784 * 100 * 2 + 2 * 100 * 100 * 3 + 100 * 10 * 3),
  gradloom(settings) {
    const relu = { activation: "relu" } as const;
    const model = nn.sequential(
      nn.dense(784, 100, relu),
      nn.dense(100, 100, relu),
      nn.dense(100, 100, relu),
      nn.dense(100, 10),
    );
    return trainingStep(
      {
        x: [64, 784],
        y: [64],
        yDType: "i32",
        feeds: { x: numbers(64 * 784, 100), y: labels(64, 10) },
        parameters: model.parameters,
        loss: (x, y) => nn.softmaxCrossEntropy(model(x as never) as never, y as never).mean() as Tensor,
        optimizer: optim.adam({ lr: 0.001 }),
      },
      settings,
    );
  },
};

/** 2-4-1, sigmoid, squared error, SGD, the four points of exclusive or. */
export const xor: Workload = {
  name: "xor",
  title: "2-4-1 sigmoid, squared error, batch 4",
  flops: 2 * 4 * (2 * 4 * 2 + 4 * 3),
  gradloom(settings) {
    const model = nn.sequential(nn.dense(2, 4, { activation: "sigmoid" }), nn.dense(4, 1, { activation: "sigmoid" }));
    return trainingStep(
      {
        x: [4, 2],
        y: [4, 1],
        yDType: "f32",
        feeds: { x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: new Float32Array([0, 1, 1, 0]) },
        parameters: model.parameters,
        loss: (x, y) => nn.mse(model(x as never) as never, y as never).mean() as Tensor,
        optimizer: optim.sgd({ lr: 0.5 }),
      },
      settings,
    );
  },
};

/** conv32 3×3, pool 2, conv64 3×3, pool 2, conv64 3×3, dense 64, dense 10, no padding, Adam, batch 32. */
export const cnn: Workload = {
  name: "cnn",
  title: "CNN (three convolutions), Adam, batch 32",
  flops:
    3 * 2 * 32 * (26 * 26 * 32 * 9 + 11 * 11 * 64 * 288 + 9 * 64 * 576 + 576 * 64 + 640) - 2 * 32 * 26 * 26 * 32 * 9,
  gradloom(settings) {
    const relu = { activation: "relu" } as const;
    const model = nn.sequential(
      nn.conv2d(1, 32, 3, relu),
      nn.maxPool2d(2),
      nn.conv2d(32, 64, 3, relu),
      nn.maxPool2d(2),
      nn.conv2d(64, 64, 3, relu),
      nn.flatten(),
      nn.dense(576, 64, relu),
      nn.dense(64, 10),
    );
    return trainingStep(
      {
        x: [32, 1, 28, 28],
        y: [32],
        yDType: "i32",
        feeds: { x: numbers(32 * 784, 100), y: labels(32, 10) },
        parameters: model.parameters,
        loss: (x, y) => nn.softmaxCrossEntropy(model(x as never) as never, y as never).mean() as Tensor,
        optimizer: optim.adam({ lr: 0.001 }),
      },
      settings,
    );
  },
};
