// A device of plain JavaScript memory that counts its blocks, and engines on it for tests that need no backend.
import { viewOf, zeros, type DType, type TypedArray } from "#ir/dtype.js";
import type { Node, Parameter } from "#ir/node.js";
import { evaluateGraph } from "#ir/reference.js";
import type { ConcreteType } from "#ir/type.js";
import { EagerEngine, type EagerCompiler, type EagerDevice } from "#src/eager/engine.js";
import { layoutOf } from "#src/eager/layout.js";
import { copyStrided } from "#src/eager/strided-copy.js";

export class FakeDevice implements EagerDevice {
  readonly blocks = new Map<number, number>();
  readonly #buffer = new ArrayBuffer(1 << 22);
  readonly #parameters = new Map<Parameter, number>();
  readonly #free = new Map<number, number[]>();
  #next = 64;

  allocate(bytes: number): number {
    const size = Math.ceil(bytes / 64) * 64;
    const address = this.#free.get(size)?.pop() ?? this.#extend(size);
    this.blocks.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.blocks.get(address);
    if (size === undefined) throw new Error(`address ${address} is not allocated`);
    this.blocks.delete(address);
    const list = this.#free.get(size);
    if (list) list.push(address);
    else this.#free.set(size, [address]);
  }

  address(parameter: Parameter): number {
    let address = this.#parameters.get(parameter);
    if (address === undefined) {
      const data = parameter.initial();
      address = this.#extend(data.byteLength);
      this.#parameters.set(parameter, address);
      this.view(parameter.type.dtype, address, data.length).set(data);
    }
    return address;
  }

  view(dtype: DType, address: number, length: number) {
    return viewOf(dtype, this.#buffer, address, length);
  }

  #extend(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / 64) * 64;
    if (this.#next > this.#buffer.byteLength) throw new Error("the fake device is full");
    return address;
  }
}

/** An engine on a fake device that refuses to compile: only views and leaves work. */
export function viewsOnly(): { engine: EagerEngine; device: FakeDevice } {
  const refuse: EagerCompiler = (graph) => {
    throw new Error(`${graph.name} needs a kernel`);
  };
  const device = new FakeDevice();
  return { engine: new EagerEngine(device, refuse), device };
}

/** An engine on a fake device whose kernels are the reference interpreter. */
export function onReference(): { engine: EagerEngine; device: FakeDevice } {
  const device = new FakeDevice();
  const compile: EagerCompiler = (graph, strides) => ({
    launches: 1,
    bytes: 0,
    dispose: () => {},
    run: (addresses) => {
      const feeds = graph.inputs.map(
        (node, i) => [node, read(device, node, addresses[i]!, strides.get(node))] as const,
      );
      const values = evaluateGraph(graph, new Map(feeds));
      [...graph.outputs.values()].forEach((y, i) => {
        const data = values.get(y)!;
        device.view(y.type.dtype, addresses[graph.inputs.length + i]!, data.length).set(data);
      });
    },
  });
  return { engine: new EagerEngine(device, compile), device };
}

/** The elements of an input in row-major order. */
function read(device: FakeDevice, node: Node, address: number, strides: readonly number[] | undefined): TypedArray {
  const { dtype, shape } = node.results[0]!.type as ConcreteType;
  const layout = layoutOf(dtype, shape, strides);
  const out = zeros(dtype, layout.count);
  copyStrided(device.view(dtype, address, layout.reach), layout.strides, shape, out);
  return out;
}
