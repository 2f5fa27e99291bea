// Dropout is fused into its neighbours: how many kernels programs with it become, and what is kept for the backward pass.
import { describe, expect, it } from "vitest";
import { compile, Graph, nn, optim, parameter, random, type Tensor } from "gradloom";

const kernels = (e: { plan(): { steps: readonly { kernel: { name: string } }[] } }) =>
  e.plan().steps.map((step) => step.kernel.name);

/** 784-128-10 with dropout behind the hidden layer: loss and one step. */
function training(rate: number, optimizer: optim.Optimizer) {
  const g = new Graph("mlp", { seed: 1 });
  const [x, y] = [g.input("x", [32, 784]), g.input("y", [32], "i32")];
  const hidden = nn.dense(784, 128, { activation: "relu" })(x).dropout(rate);
  const loss = nn.softmaxCrossEntropy(nn.dense(128, 10)(hidden), y).mean();
  return compile({ outputs: { loss }, updates: optimizer.minimize(loss) });
}

describe("dropout is fused", () => {
  it("into matmul + bias + relu: one kernel, which counts the run at its end", () => {
    const g = new Graph("layer", { seed: 1 });
    const x = g.input("x", [64, 96]);
    const y = x
      .matmul(parameter([96, 32], 0.1))
      .add(parameter([32], 0))
      .relu()
      .dropout(0.5);
    expect(kernels(compile({ outputs: { y } }))).toEqual(["randomMask_matmul_add_relu_and_2_more"]);
  });

  it("into a softmax: one kernel", () => {
    const g = new Graph("weights", { seed: 1 });
    const y = g.input("x", [64, 96]).softmax().dropout(0.1);
    expect(kernels(compile({ outputs: { y } }))).toHaveLength(1);
  });

  it.each([
    ["SGD", () => optim.sgd({ lr: 0.1 }), 5],
    ["Adam", () => optim.adam({ lr: 0.1 }), 5],
  ] as const)("into a network that trains by %s: as many kernels as without", (_, optimizer, pin) => {
    expect(kernels(training(0, optimizer()))).toHaveLength(pin);
    expect(kernels(training(0.5, optimizer()))).toHaveLength(pin);
  });

  it("and keeps no floats for the backward pass that a network without it does not keep", () => {
    const floats = (rate: number) =>
      training(rate, optim.sgd({ lr: 0.1 }))
        .plan()
        .buffers.filter(({ dtype, place }) => dtype === "f32" && place.at === "scratch")
        .reduce((sum, { length }) => sum + length, 0);
    expect(floats(0.5)).toBeLessThanOrEqual(floats(0));
  });

  it("computes the bits of a normal number once, however many words it takes", () => {
    const g = new Graph("noise", { seed: 1 });
    const x: Tensor = g.input("x", [64, 96]);
    const noise = random.normalLike(x);
    const e = compile({ outputs: { y: x.add(noise.mul(0.1)), z: noise.mul(noise) } });
    expect(e.plan().steps[0]!.kernel.ops.filter((op) => op === "randomNormal")).toHaveLength(1);
    expect(kernels(e)).toHaveLength(1);
  });
});
