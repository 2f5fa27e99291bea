// Layers as ONNX nodes.
import { type Activation, type Layer, parametersOf } from "../task.js";
import type { OnnxConstant, OnnxNode } from "./onnx-model.js";

type Attributes = NonNullable<OnnxNode["attributes"]>;

/** Nodes and constants, growing. */
export class OrtNodes {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];

  /** A node; gives the name of its result. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, output = `v${this.nodes.length}`): string {
    this.nodes.push({ op, inputs, output, attributes });
    return output;
  }

  constant(shape: readonly number[], data: Float32Array | BigInt64Array): string {
    const name = `c${this.constants.length}`;
    this.constants.push({ name, shape, data });
    return name;
  }

  /** A model with the initial numbers that every library has; gives the name of its result. */
  layers(layers: readonly Layer[], x: string, input: readonly number[]): string {
    const names = parametersOf(layers).map(({ shape, data }) => this.constant(shape, data));
    return layers.reduce((y, layer) => this.#layer(layer, y, names, input), x);
  }

  /** Takes its parameters off the front of `names`. */
  #layer(layer: Layer, x: string, names: string[], input: readonly number[]): string {
    switch (layer.kind) {
      case "dense":
        return this.#active(layer.activation, this.#gemm(x, names));
      case "conv": {
        const { stride = 1, padding = 0 } = layer;
        const attributes = { strides: [stride, stride], pads: Array<number>(4).fill(padding) };
        return this.#active(layer.activation, this.add("Conv", [x, ...names.splice(0, 2)], attributes));
      }
      case "maxPool":
      case "meanPool": {
        const sizes = [layer.window, layer.window];
        return this.add(layer.kind === "maxPool" ? "MaxPool" : "AveragePool", [x], { kernel_shape: sizes, strides: sizes }); // prettier-ignore
      }
      case "flatten":
        return this.add("Flatten", [x]);
      case "softmax":
        return this.add("Softmax", [x], { axis: -1 });
      case "layerNorm":
        return this.#norm(x, names);
      case "embedding":
      case "lstm":
        throw new Error(`no workload infers with a layer of kind ${layer.kind}`);
      case "transformer":
        return this.#transformer(layer, x, names, input);
    }
  }

  #gemm(x: string, names: string[]): string {
    return this.add("Gemm", [x, ...names.splice(0, 2)]);
  }

  #norm(x: string, names: string[]): string {
    return this.add("LayerNormalization", [x, ...names.splice(0, 2)], { axis: -1, epsilon: { f: 1e-5 } });
  }

  #active(activation: Activation | undefined, x: string): string {
    if (activation === undefined) return x;
    return this.add({ relu: "Relu", tanh: "Tanh", sigmoid: "Sigmoid" }[activation], [x]);
  }

  #shaped(x: string, ...sizes: readonly number[]): string {
    return this.add("Reshape", [x, this.constant([sizes.length], BigInt64Array.from(sizes, BigInt))]);
  }

  #transformer(
    { width, heads }: Extract<Layer, { kind: "transformer" }>,
    x: string,
    names: string[],
    input: readonly number[],
  ): string {
    const [batch, places] = input as [number, number];
    const depth = width / heads;
    const rows = this.#shaped(x, batch * places, width);
    const normal = this.#norm(rows, names);
    const byHead = (perm: readonly number[]) =>
      this.add("Transpose", [this.#shaped(this.#gemm(normal, names), batch, places, heads, depth)], { perm });
    const [q, k, v] = [byHead([0, 2, 1, 3]), byHead([0, 2, 3, 1]), byHead([0, 2, 1, 3])];
    const scale = this.constant([], new Float32Array([1 / Math.sqrt(depth)]));
    const weights = this.add("Softmax", [this.add("Mul", [this.add("MatMul", [q!, k!]), scale])], { axis: -1 });
    const mixed = this.add("Transpose", [this.add("MatMul", [weights, v!])], { perm: [0, 2, 1, 3] });
    const middle = this.add("Add", [rows, this.#gemm(this.#shaped(mixed, batch * places, width), names)]);
    const inner = this.add("Gelu", [this.#gemm(this.#norm(middle, names), names)]);
    return this.#shaped(this.add("Add", [middle, this.#gemm(inner, names)]), batch, places, width);
  }
}
