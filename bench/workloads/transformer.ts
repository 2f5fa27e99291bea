// A transformer block: batch 8, 64 places, width 128, 4 heads, a network of 512 inside.
import { nn, optim, type Tensor } from "../../src/index.js";
import { numbers, type Workload } from "../workload.js";
import { forward } from "./inference.js";
import { trainingStep } from "./training.js";

const [batch, places, width, heads] = [8, 64, 128, 4];
const forwardFlops = 2 * batch * places * (12 * width * width + 2 * places * width);
const block = () => nn.transformerBlock(width, heads, 4 * width);

export const transformerForward: Workload = {
  name: "transformer",
  title: "transformer block, forward",
  flops: forwardFlops,
  gradloom(settings) {
    const model = block();
    return forward([batch, places, width], model.parameters, (x) => model(x as never) as unknown as Tensor, settings);
  },
};

export const transformerTraining: Workload = {
  name: "transformer-training",
  title: "transformer block, training step",
  flops: 3 * forwardFlops,
  gradloom(settings) {
    const model = block();
    const shape = [batch, places, width];
    const count = batch * places * width;
    return trainingStep(
      {
        x: shape,
        y: shape,
        yDType: "f32",
        feeds: { x: numbers(count, 100), y: numbers(count, 101) },
        parameters: model.parameters,
        loss: (x, y) => nn.mse(model(x as never) as never, y as never).mean() as Tensor,
        optimizer: optim.adam({ lr: 0.001 }),
      },
      settings,
    );
  },
};
