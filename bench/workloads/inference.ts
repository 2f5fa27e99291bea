// Forward passes: LeNet-5, softmax and layer norm of a square matrix.
import { compile, type CompileSettings, Graph, nn, type Parameter, type Tensor } from "../../src/index.js";
import { numbers, type Step, type Workload } from "../workload.js";

/** A model on one input. */
export function forward(
  shape: readonly number[],
  parameters: readonly Parameter[],
  model: (x: Tensor) => Tensor,
  settings: CompileSettings,
): Step {
  const graph = new Graph("forward");
  const x = graph.input("x", shape) as unknown as Tensor;
  parameters.forEach((p, i) => {
    if (p.shape.length > 1)
      p.assign(numbers(p.count, i, Math.sqrt(6 / (p.count / Math.max(...(p.shape as number[]))))));
  });
  const program = compile({ outputs: { y: model(x) } }, settings);
  const feeds = {
    x: numbers(
      shape.reduce((a, b) => a * b, 1),
      100,
    ),
  };
  return {
    run: () => ({ y: program.run(feeds).y.data as Float32Array }),
    dispose: () => program.dispose(),
    program: { executable: program as never, feeds },
  };
}

/** conv 6 5×5 padded, pool 2, conv 16 5×5, pool 2, 120-84-10, tanh. */
export const lenet = (batch: number): Workload => ({
  name: `lenet-${batch}`,
  title: `LeNet-5 inference, batch ${batch}`,
  flops: 2 * batch * (784 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 840),
  gradloom(settings) {
    const tanh = { activation: "tanh" } as const;
    const model = nn.sequential(
      nn.conv2d(1, 6, 5, { ...tanh, padding: 2 }),
      nn.meanPool2d(2),
      nn.conv2d(6, 16, 5, tanh),
      nn.meanPool2d(2),
      nn.flatten(),
      nn.dense(400, 120, tanh),
      nn.dense(120, 84, tanh),
      nn.dense(84, 10),
    );
    return forward([batch, 1, 28, 28], model.parameters, (x) => model(x as never) as unknown as Tensor, settings);
  },
});

export const softmax: Workload = {
  name: "softmax",
  title: "softmax, 1024×1024",
  flops: 0,
  gradloom: (settings) => forward([1024, 1024], [], (x) => x.softmax() as Tensor, settings),
};

export const layerNorm: Workload = {
  name: "layer-norm",
  title: "layer norm, 1024×1024",
  flops: 0,
  gradloom(settings) {
    const norm = nn.layerNorm(1024);
    return forward([1024, 1024], norm.parameters, (x) => norm(x as never) as unknown as Tensor, settings);
  },
};
