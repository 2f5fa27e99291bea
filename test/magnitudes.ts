// The truth that backends are held to: every value in double precision, and beside it S, the same computation over
// magnitudes. One rounding of an operand by ε·S moves the result by about ε·S; so |result − value| ≤ k·ε·S.
import type { Builder } from "#ir/builder.js";
import { isFloat, type TypedArray } from "#ir/dtype.js";
import { type Expr, indexLocal } from "#ir/expr.js";
import { topological } from "#ir/graph.js";
import { combinerOf, identityOf } from "#ir/kernel.js";
import type { Attrs, Node, Value } from "#ir/node.js";
import type { Index, Lowering, Reader } from "#ir/op.js";
import { readerOf } from "#ir/reader.js";
import { measureFlow } from "./magnitudes-of-flow.js";
import { measureRoutine } from "./magnitudes-of-routines.js";
import { evaluate, type ScalarFn } from "#ir/scalar.js";
import { elementCount } from "#ir/size.js";
import { type ConcreteType, stridesOf } from "#ir/type.js";

/** The elements of one tensor: `value` not rounded to f32 on the way, `scale` its S. */
export interface Measured {
  readonly value: Float64Array;
  readonly scale: Float64Array;
}

/** A scalar and its S. */
export type Pair = readonly [value: number, scale: number];
/** Loop variables, whose S is 0, and the locals of routines. */
export type Locals = Map<string, number | Pair>;
/** What routines store. */
export type Arrays = ReadonlyMap<string, readonly Pair[]>;

/** Measures every value that the roots need. `feeds` holds inputs; sizes must be numbers. Slow: for small tensors. */
export function measure(
  roots: readonly Value[],
  feeds: ReadonlyMap<Node, TypedArray>,
  known: Map<Value, Measured> = new Map(),
): ReadonlyMap<Value, Measured> {
  for (const node of topological(roots)) {
    if (known.has(node.results[0]!)) continue;
    const lower = node.op.lower as Lowering<Attrs>;
    if (lower.kind === "compose") {
      const parts = (node.results[0]!.owner as Builder).inherit([node], () => lower.expand(node.operands, node.attrs)) as readonly Value[]; // prettier-ignore
      measure(parts, feeds, known);
      node.results.forEach((result, i) => known.set(result, known.get(parts[i]!)!));
    } else if (lower.kind === "control") {
      const operands = node.operands.map((x) => known.get(x)!);
      measureFlow(node, lower.flow(node.attrs), operands).forEach((x, i) => known.set(node.results[i]!, x));
    } else {
      const operands = node.operands.map((x) => known.get(x)!);
      node.results.forEach((result) => known.set(result, measured(node, lower, result, operands, feeds)));
    }
  }
  return known;
}

function measured(
  node: Node,
  lower: Lowering<Attrs>,
  result: Value,
  operands: readonly Measured[],
  feeds: ReadonlyMap<Node, TypedArray>,
): Measured {
  const { shape } = result.type as ConcreteType;
  const out = { value: new Float64Array(elementCount(shape)), scale: new Float64Array(elementCount(shape)) };
  const set = (offset: number, [value, scale]: Pair) => {
    out.value[offset] = value;
    out.scale[offset] = scale;
  };
  const reader = readerOf(node);
  const fill = (at: (index: Index) => Expr) => {
    const index = locals(shape);
    const expr = at(index);
    places(shape).forEach((place, offset) => set(offset, pairOf(expr, bind(index, place), operands, reader)));
  };
  switch (lower.kind) {
    case "leaf": {
      const held = (node.attrs.value as number | TypedArray | undefined) ?? feeds.get(node)!;
      out.value.set(typeof held === "number" ? out.value.map(() => held) : held);
      out.scale.set(out.value.map(Math.abs));
      return out;
    }
    case "compute":
      fill((index) => lower.at(index, reader, result.index));
      return out;
    case "scatter": {
      fill((index) => lower.init(index, reader));
      const index = locals(lower.over(reader));
      const put = lower.put(index, reader);
      const strides = stridesOf(shape);
      for (const place of places(lower.over(reader))) {
        const at = bind(index, place);
        const offset = put.index.reduce((sum, x, axis) => sum + pairOf(x, at, operands, reader)[0] * strides[axis]!, 0);
        const [value, scale] = pairOf(put.value, at, operands, reader);
        const [before, least] = lower.combine === "add" ? [out.value[offset]!, out.scale[offset]!] : [0, 0];
        set(offset, [before + value, least + scale]);
      }
      return out;
    }
    case "routine":
      measureRoutine(node, (x, at, arrays) => pairOf(x, at, operands, reader, arrays), set);
      return out;
    case "control":
    case "compose":
      throw new Error("measured before");
  }
}

const locals = (shape: readonly number[]) => shape.map((extent, axis) => indexLocal(`i${axis}`, extent));
const bind = (index: readonly { readonly name: string }[], place: readonly number[]): Locals =>
  new Map(index.map(({ name }, axis) => [name, place[axis]!]));

/** Every index of a shape, in row-major order. */
function places(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (all, extent) => all.flatMap((place) => Array.from({ length: extent }, (_, i) => [...place, i])),
    [[]],
  );
}

function pairOf(
  x: Expr,
  at: Locals,
  operands: readonly Measured[],
  reader: Reader<Attrs>,
  arrays: Arrays = new Map(),
  /** Calls done: expressions are DAGs. */
  done = new Map<Expr, Pair>(),
): Pair {
  const recur = (y: Expr): Pair => {
    const known = done.get(y);
    if (known) return known;
    const pair = pairOf(y, at, operands, reader, arrays, done);
    if (y.kind === "call") done.set(y, pair);
    return pair;
  };
  switch (x.kind) {
    case "literal":
      return [x.value, Math.abs(x.value)];
    case "local": {
      const value = at.get(x.name)!;
      return typeof value === "number" ? [value, 0] : value;
    }
    case "bounded":
      return recur(x.value);
    case "load":
      return arrays.get(x.buffer)![recur(x.offset)[0]]!;
    case "read": {
      const strides = stridesOf(reader.operands[x.operand]!.shape);
      const offset = x.index.reduce((sum, i, axis) => sum + recur(i)[0] * strides[axis]!, 0);
      return [operands[x.operand]!.value[offset]!, operands[x.operand]!.scale[offset]!];
    }
    case "reduce": {
      const start = identityOf(x.fn, x.dtype);
      let total: Pair = [start, Number.isFinite(start) ? Math.abs(start) : 0];
      for (let i = 0; i < x.over.extent!; i++) {
        const next = pairOf(x.body, at.set(x.over.name, i), operands, reader);
        total = combined(combinerOf(x.fn), x.dtype, [total, next], [x.dtype, x.dtype]);
      }
      return total;
    }
    case "call": {
      if (x.fn === "select") return recur(x.args[0]!)[0] ? recur(x.args[1]!) : recur(x.args[2]!);
      return combined(x.fn, x.dtype, x.args.map(recur), x.args.map((arg) => arg.dtype)); // prettier-ignore
    }
  }
}

/** A scalar function of measured numbers, in double precision. */
export function combined(
  fn: ScalarFn,
  dtype: Expr["dtype"],
  args: readonly Pair[],
  from: readonly Expr["dtype"][],
): Pair {
  const value = evaluate(fn, isFloat(dtype) ? "f64" : dtype, args.map(([v]) => v), from); // prettier-ignore
  const scale = isFloat(dtype) ? scaleOf(fn, Math.abs(value), args[0]!, args[1] ?? [0, 0]) : 0;
  return [value, Math.max(Math.abs(value), Number.isNaN(scale) ? 0 : scale)];
}

/** S of a function's result `y`: what a relative change of ε of every operand's S can do to it, to first order. */
function scaleOf(fn: ScalarFn, y: number, [a, sa]: Pair, [b, sb]: Pair): number {
  switch (fn) {
    case "add":
    case "sub":
      return sa + sb;
    case "mul":
      return sa * sb;
    case "div":
      return (sa / Math.abs(b)) * (sb / Math.abs(b));
    case "exp":
      return y * (1 + sa);
    case "expm1":
      return y + (y + 1) * sa;
    case "log":
      return y + sa / Math.abs(a);
    case "log1p":
      return y + sa / Math.abs(1 + a);
    case "sqrt":
      return y * (sa / Math.abs(a));
    case "pow":
      return y * (1 + Math.abs(b) * (sa / Math.abs(a)) + Math.abs(Math.log(Math.abs(a))) * sb);
    case "tan":
      return y + (1 + y * y) * sa;
    case "mod":
      return y + sa + sb * Math.abs(Math.floor(a / b));
    case "minimum":
    case "maximum":
      return Math.max(sa, sb);
    // Lipschitz constants of sin, cos, tanh, sigmoid and erf are below 1.2.
    default:
      return y + 1.2 * sa;
  }
}
