// A device of plain JavaScript memory for tests of what needs no kernels; counts its blocks.
import { viewOf, type DType } from "#ir/dtype.js";
import type { Parameter } from "#ir/node.js";
import { EagerEngine, type EagerCompiler, type EagerDevice } from "#src/eager/engine.js";

export class FakeDevice implements EagerDevice {
  readonly blocks = new Map<number, number>();
  readonly #buffer = new ArrayBuffer(1 << 20);
  readonly #parameters = new Map<Parameter, number>();
  #next = 64;

  allocate(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / 64) * 64;
    this.blocks.set(address, bytes);
    return address;
  }

  free(address: number): void {
    if (!this.blocks.delete(address)) throw new Error(`address ${address} is not allocated`);
  }

  address(parameter: Parameter): number {
    let address = this.#parameters.get(parameter);
    if (address === undefined) {
      const data = parameter.initial();
      address = this.#next;
      this.#next += Math.ceil(data.byteLength / 64) * 64;
      this.#parameters.set(parameter, address);
      this.view(parameter.type.dtype, address, data.length).set(data);
    }
    return address;
  }

  view(dtype: DType, address: number, length: number) {
    return viewOf(dtype, this.#buffer, address, length);
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
