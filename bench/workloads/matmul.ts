// Square matrix products.
import { compile, Graph, parameter } from "../../src/index.js";
import { numbers, type Workload } from "../workload.js";

export const matmul = (n: number): Workload => ({
  name: `matmul-${n}`,
  title: `matmul ${n}`,
  flops: 2 * n ** 3,
  gradloom(settings) {
    const graph = new Graph("matmul");
    const a = graph.read(parameter([n, n], numbers(n * n, 1), { name: "a" }));
    const b = graph.read(parameter([n, n], numbers(n * n, 2), { name: "b" }));
    const program = compile({ outputs: { c: a.matmul(b) } }, settings);
    return {
      run: () => ({ c: program.run().c.data }),
      dispose: () => program.dispose(),
      program: { executable: program as never, feeds: {} },
    };
  },
});
