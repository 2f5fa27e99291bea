// Writes ONNX models: nodes, initial numbers, inputs and outputs, through the compiled protocol buffers of onnx-buf.
import { imported, required } from "./packages.js";

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[] | { readonly f: number }>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface OnnxConstant extends OnnxValue {
  readonly data: Float32Array | BigInt64Array;
}

interface Protobuf {
  create(schema: unknown, fields: object): object;
  toBinary(schema: unknown, message: object): Uint8Array;
}
type Schemas = Readonly<Record<`${string}Schema`, unknown>>;

const [float, int64] = [1, 7];
/** Of attributes. */
const types = { f: 1, i: 2, ints: 7 };

/** The bytes of a model of operator set 20. */
export async function onnxModel(
  nodes: readonly OnnxNode[],
  constants: readonly OnnxConstant[],
  inputs: readonly OnnxValue[],
  outputs: readonly OnnxValue[],
): Promise<Uint8Array> {
  const schemas = await imported<Schemas>("onnx-buf/dist/onnx_pb.js");
  const { create, toBinary } = required<Protobuf>("@bufbuild/protobuf");
  const attribute = (name: string, value: number | readonly number[] | { readonly f: number }) => {
    if (typeof value === "number") return { name, i: BigInt(value), type: types.i };
    if ("f" in value) return { name, f: value.f, type: types.f };
    return { name, ints: value.map(BigInt), type: types.ints };
  };
  const tensor = ({ name, shape, data }: OnnxConstant) => ({
    name,
    dims: shape.map(BigInt),
    dataType: data instanceof Float32Array ? float : int64,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
  const value = ({ name, shape }: OnnxValue) => ({
    name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: float,
          shape: { dim: shape.map((size) => ({ value: { case: "dimValue", value: BigInt(size) } })) },
        },
      },
    },
  });
  const graph = {
    name: "model",
    node: nodes.map(({ op, inputs: from, output, attributes = {} }) => ({
      opType: op,
      input: from,
      output: [output],
      attribute: Object.entries(attributes).map(([name, a]) => attribute(name, a)),
    })),
    initializer: constants.map(tensor),
    input: inputs.map(value),
    output: outputs.map(value),
  };
  const fields = { irVersion: 9n, opsetImport: [{ domain: "", version: 20n }], graph };
  return toBinary(schemas.ModelProtoSchema, create(schemas.ModelProtoSchema, fields));
}
