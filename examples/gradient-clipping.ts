// What clipping mends: recurrent weights that are 1.6 times too long make gradients explode on their way back.
import { data, defineModel, grad, nn, optim, type Parameter, type Tensor } from "gradloom";

const [examples, time, units, rate] = [16, 100, 32, 0.05];
const activations = ["tanh", "relu"] as const;
type Model = Readonly<Record<(typeof activations)[number], ReturnType<typeof copies>>>;

/** Random signals; wanted is the mean of the last ten steps. */
function signals(seed: number) {
  const random = data.seeded(seed);
  const x = Float32Array.from({ length: examples * time }, () => random.normal());
  const mean = (row: number) => x.subarray((row + 1) * time - 10, (row + 1) * time).reduce((sum, v) => sum + v / 10, 0);
  return { x, y: Float32Array.from({ length: examples }, (_, row) => mean(row)) };
}

/** A layer whose recurrent weights stretch every state by `gain`, and a dense layer; alike at every call. */
function network(activation: "tanh" | "relu", gain: number) {
  const recurrentInit = nn.initializers.orthogonal(gain);
  const layer = nn.rnn(1, units, { activation, returns: "last", recurrentInit, seed: 3 });
  return { layer, head: nn.dense(units, 1, { seed: 4 }) };
}
type Network = ReturnType<typeof network>;

/** The default, which is not trained; one that is too long, as it starts; and two that start so, trained with clipping and without. */
function copies(activation: "tanh" | "relu") {
  const long = () => network(activation, 1.6);
  return { usual: network(activation, 1), start: long(), clipped: long(), plain: long() };
}

function lossOf({ layer, head }: Network, x: Tensor, y: Tensor, call = {}): Tensor {
  return nn.mse(head(layer(x, call)) as Tensor, y).mean();
}

/** Plain gradient descent, by hand. */
function descent({ layer, head }: Network, loss: Tensor, clip: boolean): readonly (readonly [Parameter, Tensor])[] {
  const parameters = [...layer.parameters, ...head.parameters];
  const gradients = grad(loss, parameters);
  const steps = clip ? optim.clipByGlobalNorm(gradients, 1).gradients : gradients;
  return parameters.map((p, i) => [p, p.sub(steps[i]!.mul(rate))]);
}

export default defineModel({
  name: "gradient-clipping",
  doc: "A tanh RNN and a ReLU RNN whose gradients explode, trained with clipping by global norm and without.",
  seed: 1,
  inputs: { x: [examples, time, 1], y: [examples, 1] },
  model: (): Model => ({ tanh: copies("tanh"), relu: copies("relu") }),
  build: (inputs, model) => {
    const [x, y] = [inputs.x, inputs.y] as unknown as [Tensor, Tensor];
    const losses = activations.map((name) => lossOf(model[name].clipped, x, y));
    const norms = (network: Network) => {
      const nudge = network.layer.nudges(x);
      return nn.stateGradientNorms(lossOf(network, x, y, { nudge }), nudge);
    };
    return {
      // Of those that are clipped; the others' goes its own way.
      loss: () => losses[0]!.add(losses[1]!),
      updates: () =>
        new Map(
          activations.flatMap((name, i) => {
            const { clipped, plain } = model[name];
            return [...descent(clipped, losses[i]!, true), ...descent(plain, lossOf(plain, x, y), false)];
          }),
        ),
      outputs: () => {
        const named = activations.flatMap((name): readonly (readonly [string, Tensor])[] => {
          const { usual, start, clipped, plain } = model[name];
          return [
            [`${name} norms`, norms(usual)],
            [`${name} × 1.6 norms`, norms(start)],
            [`${name} × 1.6 clipped`, lossOf(clipped, x, y)],
            [`${name} × 1.6 plain`, lossOf(plain, x, y)],
          ];
        });
        return Object.fromEntries(named) as Record<string, Tensor>;
      },
    };
  },
  data: () => ({ batches: (epoch) => [signals(epoch + 1)], batchesPerEpoch: 1 }),
  epochs: 400,
  logEvery: 50,
  evaluate: (predict) => {
    const { x, y } = signals(1_000_000);
    const found = predict({ x, y });
    const reach = activations.flatMap((name) =>
      [name, `${name} × 1.6`].flatMap((one) => {
        const norms = found[`${one} norms`]!.data;
        return [0, 49, 99].map((t) => [`${one}: gradient norm at step ${t + 1}`, norms[t]!] as const);
      }),
    );
    const losses = activations.flatMap((name) => [
      [`${name} × 1.6: error, clipped`, found[`${name} × 1.6 clipped`]!.data[0]!] as const,
      [`${name} × 1.6: error, not clipped`, found[`${name} × 1.6 plain`]!.data[0]!] as const,
    ]);
    return {
      ...Object.fromEntries([...reach, ...losses]),
      "error of always 0": y.reduce((sum, v) => sum + (v * v) / examples, 0),
    };
  },
});
