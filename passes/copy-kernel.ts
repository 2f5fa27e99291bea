// Kernels that only copy: a parameter's old value before its update, and updates that could not be written in place.
import type { DType } from "#ir/dtype.js";
import { itemSize } from "#ir/dtype.js";
import { indexLocal, literal, load } from "#ir/expr.js";
import type { Kernel, Space } from "#ir/kernel.js";

/** `to ← from`, `length` elements each, side by side. */
export function copyKernel(
  name: string,
  copies: readonly { readonly dtype: DType; readonly length: number }[],
): Kernel {
  const spaces = copies.map(({ dtype, length }, i): Space => {
    const at = indexLocal(`j${i}`, length);
    const value = load(`from${i}`, at, dtype);
    return {
      over: indexLocal(`p${i}`, 1),
      extent: 1,
      body: [
        {
          kind: "for",
          over: at,
          extent: literal(length),
          as: "vector",
          body: [{ kind: "store", buffer: `to${i}`, offset: at, value }],
        },
      ],
    };
  });
  return {
    name,
    buffers: copies.flatMap(({ dtype, length }, i) => [
      { name: `from${i}`, dtype, length, access: "read" as const },
      { name: `to${i}`, dtype, length, access: "write" as const },
    ]),
    stages: [spaces],
    flops: 0,
    bytes: copies.reduce((sum, { dtype, length }) => sum + 2 * length * itemSize(dtype), 0),
    ops: [name],
    nodes: [],
  };
}
