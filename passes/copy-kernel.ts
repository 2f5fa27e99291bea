// Kernels that only copy: a parameter's old value before its update, and updates that could not be written in place.
import type { DType } from "#ir/dtype.js";
import { itemSize } from "#ir/dtype.js";
import { indexLocal, literal, load } from "#ir/expr.js";
import type { Kernel, Space } from "#ir/kernel.js";
import type { Ref } from "./planned-buffer.js";

/** `to ← from`, `length` elements. */
export interface Copy {
  readonly from: Ref;
  readonly to: Ref;
  readonly dtype: DType;
  readonly length: number;
}

/** Copies in a kernel: an engine may refuse functions of more than 1000 parameters. */
const most = 100;

/** Adds launches of kernels that copy, in no particular order. */
export function launchCopies(
  name: string,
  copies: readonly Copy[],
  plan: { launch(kernel: Kernel, refs: readonly Ref[]): void },
): void {
  for (let i = 0; i < copies.length; i += most) {
    const some = copies.slice(i, i + most);
    plan.launch(copyKernel(name, some), some.flatMap(({ from, to }) => [from, to])); // prettier-ignore
  }
}

function copyKernel(name: string, copies: readonly Copy[]): Kernel {
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
