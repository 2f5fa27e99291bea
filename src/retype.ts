// Retypes a whole graph from f32 to f64, for gradient checks: inputs, constants and parameters too.
import { GraphCopier } from "#ir/copy-graph.js";
import { arrayOf, type DType } from "#ir/dtype.js";
import { type Graph, isGraph } from "#ir/graph.js";
import type { Attr, Attrs, Parameter as ParameterRecord } from "#ir/node.js";
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
  const copier: GraphCopier = new GraphCopier((node, operands, builder) => {
    return builder.apply(node.op, operands, widened(node.attrs, copyOf, copier) as Attrs);
  });
  return { parameters, graph: copier.copy(graph) };
}

const wide = (dtype: DType): DType => (dtype === "f32" ? "f64" : dtype);

/** Attributes with f64 for f32, at any depth: dtypes stand under the key `dtype`, numbers in arrays. */
function widened(attr: Attr, copyOf: (record: ParameterRecord) => ParameterRecord, copier: GraphCopier): Attr {
  if (attr instanceof Float32Array) return arrayOf("f64", attr);
  if (typeof attr !== "object" || attr === null || ArrayBuffer.isView(attr)) return attr;
  if (Array.isArray(attr)) return attr.map((x: Attr) => widened(x, copyOf, copier));
  if (isGraph(attr)) return copier.copy(attr);
  const record = attr as { readonly [key: string]: Attr };
  if (record.kind === "size") return attr;
  if (record.kind === "parameter") return copyOf(attr as ParameterRecord);
  return Object.fromEntries(
    Object.entries(record).map(([key, x]) => [
      key,
      key === "dtype" && x === "f32" ? "f64" : widened(x, copyOf, copier),
    ]),
  );
}
