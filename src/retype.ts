// Retypes a whole graph from f32 to f64, for gradient checks: inputs, constants and parameters too.
import { Builder } from "#ir/builder.js";
import { arrayOf, type DType } from "#ir/dtype.js";
import { type Graph, nodesOf } from "#ir/graph.js";
import type { Attr, Attrs, Node, Parameter as ParameterRecord, Value } from "#ir/node.js";
import { parameter } from "./parameter.js";
import type { Parameter } from "./parameter.js";

/** A graph in f64, with what became of its parameters. */
export interface Retyped {
  readonly graph: Graph;
  /** Copies with the values that the originals have now; parameters of other dtypes are copied too. */
  readonly parameters: ReadonlyMap<ParameterRecord, Parameter>;
}

/** `graph` with f64 in the place of f32. `original` finds the parameter of a record. */
export function retypeToF64(graph: Graph, original: (record: ParameterRecord) => Parameter): Retyped {
  const builder = new Builder(graph.builder.name);
  const parameters = new Map<ParameterRecord, Parameter>();
  const copyOf = (record: ParameterRecord): ParameterRecord => {
    const { type, name } = record;
    const made =
      parameters.get(record) ??
      parameter(type.shape, original(record).data(), {
        dtype: wide(type.dtype),
        name,
        trainable: original(record).trainable,
      });
    parameters.set(record, made as Parameter);
    return made.record;
  };
  const values = new Map<Value, Value>();
  for (const node of nodesOf(graph)) {
    const operands = node.operands.map((x) => values.get(x)!);
    const attrs = widened(node.attrs, copyOf) as Attrs;
    const results = builder.inherit([node], () => builder.apply(node.op, operands, attrs));
    node.results.forEach((x, i) => values.set(x, results[i]!));
  }
  const of = (x: Value): Value => values.get(x)!;
  const nodeOf = (node: Node): Node => of(node.results[0]!).node;
  return {
    parameters,
    graph: {
      name: graph.name,
      builder,
      inputs: graph.inputs.map(nodeOf),
      parameters: graph.parameters.map(nodeOf),
      outputs: new Map([...graph.outputs].map(([name, x]) => [name, of(x)])),
      updates: new Map([...graph.updates].map(([p, x]) => [nodeOf(p), of(x)])),
      effects: graph.effects.map(nodeOf),
    },
  };
}

const wide = (dtype: DType): DType => (dtype === "f32" ? "f64" : dtype);

/** Attributes with f64 for f32, at any depth: dtypes stand under the key `dtype`, numbers in arrays. */
function widened(attr: Attr, copyOf: (record: ParameterRecord) => ParameterRecord): Attr {
  if (attr instanceof Float32Array) return arrayOf("f64", attr);
  if (typeof attr !== "object" || attr === null || ArrayBuffer.isView(attr)) return attr;
  if (Array.isArray(attr)) return attr.map((x: Attr) => widened(x, copyOf));
  const record = attr as { readonly [key: string]: Attr };
  if (record.kind === "size") return attr;
  if (record.kind === "parameter") return copyOf(attr as ParameterRecord);
  return Object.fromEntries(
    Object.entries(record).map(([key, x]) => [key, key === "dtype" && x === "f32" ? "f64" : widened(x, copyOf)]),
  );
}
