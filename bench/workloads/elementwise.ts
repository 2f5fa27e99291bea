// A chain of functions of a million elements and its sum, alone and with its gradient.
import { compile, Graph, grad, parameter, type Tensor } from "../../src/index.js";
import { numbers, type Workload } from "../workload.js";

const length = 1_000_000;

export const elementwise = (gradient: boolean): Workload => ({
  name: gradient ? "elementwise-gradient" : "elementwise",
  title: `sigmoid(a·x+b)·tanh(x)+relu(x−c), 10⁶, ${gradient ? "value and gradient" : "forward"}`,
  flops: 0,
  gradloom(settings) {
    const graph = new Graph("elementwise");
    const x = graph.read(parameter([length], numbers(length, 1, 3), { name: "x" }));
    const [a, b, c] = [0.7, 0.2, 0.1].map((v, i) => graph.read(parameter([], v, { name: "abc"[i]! })));
    const y = x.mul(a!).add(b!).sigmoid().mul(x.tanh()).add(x.sub(c!).relu()) as Tensor;
    const sum = y.sum() as Tensor;
    const outputs: Record<string, Tensor> = gradient ? { sum, dx: grad(sum, [x as Tensor])[0]! } : { y, sum };
    const program = compile({ outputs }, settings);
    return {
      run: () => Object.fromEntries(Object.entries(program.run()).map(([name, r]) => [name, r.data])),
      dispose: () => program.dispose(),
      program: { executable: program, feeds: {} },
    };
  },
});
