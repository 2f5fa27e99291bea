// Training steps of gradloom: a model, its loss, an optimiser, and feeds that stay the same.
import { compile, type CompileSettings, Graph, type optim, type Parameter, type Tensor } from "../../src/index.js";
import { numbers, type Step } from "../workload.js";

export interface TrainingParts {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly yDType: "f32" | "i32";
  readonly feeds: Readonly<Record<string, Float32Array | Int32Array>>;
  readonly parameters: readonly Parameter[];
  readonly loss: (x: Tensor, y: Tensor) => Tensor;
  readonly optimizer: optim.Optimizer;
}

export function trainingStep(parts: TrainingParts, settings: CompileSettings): Step {
  const graph = new Graph("step");
  const x = graph.input("x", parts.x) as unknown as Tensor;
  const y = graph.input("y", parts.y, parts.yDType) as unknown as Tensor;
  // The same initial numbers in every library.
  parts.parameters.forEach((p, i) => {
    if (p.shape.length > 1)
      p.assign(numbers(p.count, i, Math.sqrt(6 / (p.count / Math.max(...(p.shape as number[]))))));
  });
  const loss = parts.loss(x, y);
  const program = compile({ outputs: { loss }, updates: parts.optimizer.minimize(loss) }, settings);
  return {
    run: () => ({ loss: program.run(parts.feeds).loss.data }),
    dispose: () => program.dispose(),
    program: { executable: program as never, feeds: parts.feeds },
  };
}
