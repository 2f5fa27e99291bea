// Runs a kernel on arrays with any backend, as a plan whose buffers are all arguments.
import { arrayOf, type DType } from "#ir/dtype.js";
import type { Kernel, KernelBuffer, Space, Stmt } from "#ir/kernel.js";
import type { Failure, Plan } from "#ir/plan.js";
import { indexLocal } from "#ir/expr.js";
import type { BackendName } from "#runtime/backend.js";
import { Device } from "#runtime/device.js";
import { prepare } from "#runtime/prepare.js";

/** `["x", "f32", 4, "read"]`. */
export type BufferSpec = readonly [name: string, dtype: DType, length: number, access: KernelBuffer["access"]];

/** A kernel of one space over `i` below `extent`. */
export function simpleKernel(buffers: readonly BufferSpec[], extent: number, body: readonly Stmt[]): Kernel {
  return kernelOf(buffers, { over: indexLocal("i", extent), extent, body });
}

export function kernelOf(buffers: readonly BufferSpec[], ...spaces: readonly Space[]): Kernel {
  const list = buffers.map(([name, dtype, length, access]) => ({ name, dtype, length, access }));
  return { name: "k", buffers: list, stages: [spaces], flops: 0, bytes: 0, ops: [], nodes: [] };
}

export function planOf(kernel: Kernel, failures: readonly Failure[] = []): Plan {
  return {
    name: "test",
    buffers: kernel.buffers.map((b, index) => ({ ...b, place: { at: "argument", index }, live: [0, 0] })),
    feeds: [],
    outputs: [],
    steps: [{ kind: "launch", kernel, buffers: kernel.buffers.map((_, i) => i) }],
    regions: [],
    failures,
    memory: { naive: 0, planned: 0, lowerBound: 0 },
  };
}

/** The buffers' elements after one run, by name; buffers without data start as zeros. */
export function runOn(
  backend: BackendName,
  kernel: Kernel,
  data: Readonly<Record<string, readonly number[]>> = {},
  failures: readonly Failure[] = [],
): Record<string, number[]> {
  const device = new Device({ backend });
  const addresses = kernel.buffers.map(({ name, dtype, length }) => {
    const address = device.allocate(Math.max(length * 8, 8));
    device.view(dtype, address, length).set(arrayOf(dtype, data[name] ?? new Array<number>(length).fill(0)));
    return address;
  });
  const program = prepare(planOf(kernel, failures), device, backend);
  program.run(addresses);
  return Object.fromEntries(
    kernel.buffers.map(({ name, dtype, length }, i) => [name, [...device.view(dtype, addresses[i]!, length)]]),
  );
}
