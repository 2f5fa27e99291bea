// Pooling: the largest or the mean of windows of any size and stride, also of windows that overlap, 3 by 2 as AlexNet's.
//
// The course notes write the gradient of a window's maximum to its place; where windows overlap and share a maximum the last one
// wins, and the others are lost. It must be added. Here 4 of 9 windows share one maximum.
import { defineExperiment, grad, ops, type Tensor, tensor } from "gradloom";

const pictures = {
  "2 by 2": { width: 4, size: [2, 2], stride: [2, 2], x: [1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4] },
  "3 by 2, overlapping": {
    ...{ width: 7, size: [3, 3], stride: [2, 2] },
    x: [
      ...[1, 3, 2, 0, 4, 1, 2],
      ...[0, 2, 5, 1, 3, 2, 6],
      ...[4, 1, 9, 2, 0, 7, 1],
      ...[2, 0, 1, 3, 1, 0, 2],
      ...[1, 6, 0, 2, 8, 1, 0],
      ...[3, 1, 2, 0, 1, 4, 3],
      ...[0, 2, 7, 1, 2, 0, 5],
    ],
  },
  "2×3 by 1×2": { width: 5, size: [2, 3], stride: [1, 2], x: [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9] },
} as const;

/** Rows of a plane, as text. */
function grid(values: ArrayLike<number>, width: number): string {
  const all = Array.from(values, (v) => String(Math.round(v * 1000) / 1000).padStart(8));
  return Array.from({ length: all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width).join("")).join(
    "\n",
  );
}

export default defineExperiment({
  name: "pooling",
  doc: "Max and mean pooling of any size and stride, and their gradients where windows overlap.",
  settings: {},
  run: ({ report, compute }) => {
    for (const [name, { width, size, stride, x }] of Object.entries(pictures)) {
      const input = tensor([...x], { shape: [1, 1, x.length / width, width] });
      for (const [kind, pool] of Object.entries({ max: ops.maxPool2d, mean: ops.meanPool2d })) {
        // Cotangents 1, 2, 3, …: no two windows are told apart by accident.
        const both = (a: Tensor) => {
          const y = pool(a, size, { stride }) as Tensor;
          const count = y.shape.reduce<number>((all, n) => all * Number(n), 1);
          const c = tensor(Float32Array.from({ length: count }, (_, i) => i + 1), { shape: y.shape as number[] }); // prettier-ignore
          return [y, grad(y.mul(c).sum(), [a])[0]] as const;
        };
        const [y, dx] = compute(both, input);
        report.line(`${kind} pooling, ${name}:\n${grid(y.data(), Number(y.shape[3]))}`);
        report.line(`gradient under the cotangents 1, 2, 3, …:\n${grid(dx.data(), width)}`);
      }
    }
    report.line(
      "The maximum 9 belongs to the windows 1, 2, 4 and 5: its gradient is 1 + 2 + 4 + 5 = 12. Written, not added, it were 5.",
    );
  },
});
