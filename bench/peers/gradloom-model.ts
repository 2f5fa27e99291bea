// Layers, losses and optimisers of gradloom for a task; both of its modes use them.
import { nn, optim, type Tensor } from "../../src/index.js";
import { type Layer, parametersOf, type Training } from "../task.js";

/** The model, with the initial numbers that every library has. */
export function modelOf(layers: readonly Layer[]): (x: Tensor) => Tensor {
  const made = layers.map(layerOf);
  const initial = parametersOf(layers);
  made
    .flatMap((layer) => layer.parameters)
    .forEach((parameter, i) => {
      const { shape, data } = initial[i]!;
      if (parameter.shape.join() !== shape.join()) throw new Error(`${parameter.name} is not [${shape.join()}]`);
      parameter.assign(data);
    });
  return (x) => made.reduce((y, layer) => layer(y), x);
}

function layerOf(layer: Layer): nn.Layer {
  switch (layer.kind) {
    case "dense":
      return nn.dense(layer.in, layer.out, { activation: layer.activation }) as unknown as nn.Layer;
    case "conv":
      return nn.conv2d(layer.in, layer.out, layer.window, layer);
    case "maxPool":
      return nn.maxPool2d(layer.window);
    case "meanPool":
      return nn.meanPool2d(layer.window);
    case "flatten":
      return nn.flatten();
    case "softmax":
      return nn.activation("softmax");
    case "layerNorm":
      return nn.layerNorm(layer.width);
    case "embedding":
      return nn.embedding(layer.count, layer.width);
    case "lstm":
      return nn.lstm(layer.in, layer.units, { returns: "last" }) as nn.Layer;
    case "transformer":
      return nn.transformerBlock(layer.width, layer.heads, layer.hidden) as nn.Layer;
  }
}

/** The mean loss of a batch. */
export function lossOf(target: Training["target"], output: Tensor, y: Tensor): Tensor {
  const each = target === "labels" ? nn.softmaxCrossEntropy(output as never, y as never) : nn.mse(output, y as never);
  return each.mean() as unknown as Tensor;
}

export const optimizerOf = ({ kind, lr }: Training["optimizer"]): optim.Optimizer =>
  kind === "sgd" ? optim.sgd({ lr }) : optim.adam({ lr });
