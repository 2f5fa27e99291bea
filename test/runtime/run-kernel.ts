// Runs kernels through the wasm backend on arrays, for tests: every buffer is an argument.
import { arrayOf, type DType, itemSize, viewOf } from "#ir/dtype.js";
import type { Kernel, KernelBuffer, Space } from "#ir/kernel.js";
import type { Plan } from "#ir/plan.js";
import { encodeModule } from "#runtime/wasm/module.js";

export interface Data {
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** A kernel over named arrays, one stage with the given spaces. */
export function kernelOf(buffers: Readonly<Record<string, Data>>, ...spaces: readonly Space[]): Kernel {
  const list = Object.entries(buffers).map(([name, { dtype, data }]): KernelBuffer => {
    return { name, dtype, length: data.length, access: "update" };
  });
  return { name: "k", buffers: list, stages: [spaces], flops: 0, bytes: 0, ops: [], nodes: [] };
}

export function planOf(kernel: Kernel): Plan {
  return {
    name: "test",
    buffers: kernel.buffers.map((b, index) => ({ ...b, place: { at: "argument", index }, live: [0, 0] })),
    feeds: [],
    outputs: [],
    steps: [{ kind: "launch", kernel, buffers: kernel.buffers.map((_, i) => i) }],
    regions: [],
    failures: [],
    memory: { naive: 0, planned: 0, lowerBound: 0 },
  };
}

/** The arrays after a run of the kernel, in order of the buffers; `fail` is called by checks. */
export function runWasm(
  kernel: Kernel,
  buffers: Readonly<Record<string, Data>>,
  options: { readonly shared?: boolean; readonly fail?: (failure: number, value: number) => void } = {},
): Record<string, number[]> {
  const { shared = false, fail = () => {} } = options;
  const { bytes, threadScratch } = encodeModule(planOf(kernel), { addressOf: () => 0, shared });
  const entries = Object.entries(buffers);
  let next = 64;
  const take = (size: number): number => {
    const address = next;
    next += Math.ceil(size / 64) * 64;
    return address;
  };
  const addresses = entries.map(([, { dtype, data }]) => take(data.length * itemSize(dtype)));
  const scratch = take(threadScratch + 64);
  const pages = Math.ceil(next / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  entries.forEach(([, { dtype, data }], i) =>
    viewOf(dtype, memory.buffer, addresses[i]!, data.length).set(arrayOf(dtype, data)),
  );
  const env = { memory, fail, threadScratch: scratch };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  (instance.exports.run as (...args: number[]) => void)(0, ...addresses);
  return Object.fromEntries(
    entries.map(([name, { dtype, data }], i) => [name, [...viewOf(dtype, memory.buffer, addresses[i]!, data.length)]]),
  );
}
