// Tensor: the one class users see in both modes. It wraps an operand, a value of a graph or an eager tensor, and has
// every op of the table as a method.
import { type DType, type TypedArray } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import type { Operand } from "#ir/node.js";
import { printNumber } from "#ir/number-text.js";
import type { AnyOp } from "#ir/op.js";
import { atUserLine } from "#ir/origin.js";
import { opTable } from "#ir/ops/table.js";
import { parseSize, type Size } from "#ir/size.js";
import { printType, type TensorType } from "#ir/type.js";
import { EagerTensor } from "./eager/eager.js";
import type { Dim, Shape } from "./shapes.js";
import type { Methods } from "./signatures.js";

/** The typed array that holds the elements of a dtype; bools are bytes, 0 or 1. */
export interface ArrayOf {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  bool: Uint8Array;
  u8: Uint8Array;
}
/** Numbers in as many levels of arrays as there are axes. */
export type Nested = number | readonly Nested[];

// The ops of the table, merged into the class and installed below; both declarations must name the same type parameters.
// eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type
export interface Tensor<S extends Shape = Shape, D extends DType = DType> extends Methods {}

/** A tensor: symbolic where it stands for a value of a graph, eager where it has numbers. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Tensor<S extends Shape = Shape, D extends DType = DType> {
  readonly #handle: Operand | null;

  /** Wraps an operand; users call `tensor`, `Graph.input` or ops. */
  constructor(handle: Operand | null) {
    this.#handle = handle;
  }

  /** What ops apply to. */
  get handle(): Operand {
    return this.#handle!;
  }

  /** What ops apply to beside symbolic operands; a parameter needs no memory there. */
  get symbolicHandle(): Operand {
    return this.handle;
  }

  get type(): TensorType {
    return this.handle.type;
  }

  /** Whether it stands for a value of a graph and has no numbers yet. */
  get symbolic(): boolean {
    return this.handle.owner.mode === "graph";
  }

  /** Sizes, outermost axis first; named ones as text. */
  get shape(): S {
    return this.type.shape.map((size) => (typeof size === "number" ? size : size.text)) as unknown as S;
  }

  get dtype(): D {
    return this.type.dtype as D;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  /** The elements in row-major order, a copy. Throws a GraphError where the tensor is symbolic. */
  data(): ArrayOf[D] {
    return numbersOf(this, "data") as ArrayOf[D];
  }

  /** The only element. Throws a GraphError where there is not exactly one. */
  item(): number {
    const data = numbersOf(this, "item");
    if (data.length === 1) return data[0]!;
    throw new GraphError(`item: ${printType(this.type)} has ${data.length} elements, not one`);
  }

  /** The elements as nested arrays, a number where the tensor is a scalar. */
  toArray(): Nested {
    return nest(numbersOf(this, "toArray"), this.shape as readonly number[]);
  }

  /** `f32[2,2] [[1,2],[3,4]]`; long tensors and symbolic ones show their type only. */
  toString(): string {
    const type = printType(this.type);
    const eager = this.handle instanceof EagerTensor && !this.handle.disposed;
    return eager && this.handle.layout.count <= 64 ? `${type} ${printNested(this.toArray(), this.dtype)}` : type;
  }

  /** Gives the memory of an eager tensor back; a symbolic one has none. */
  dispose(): void {
    if (this.handle instanceof EagerTensor) this.handle.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

for (const op of opTable.values()) {
  // Leaves have no operands; `concat` takes a list of them: a function, but no method.
  if (op.operands.length === 0 || op.operands[0]!.endsWith("…") || op.name in Tensor.prototype) continue;
  const method = function (this: Tensor, ...args: readonly unknown[]) {
    return callOp(op, [this, ...args]);
  };
  Object.defineProperty(Tensor.prototype, op.name, { value: method, writable: true, configurable: true });
}

/** Applies an op to what users write: tensors, numbers, shapes with named sizes, options. A list where the op has many results. */
export function callOp(op: AnyOp, args: readonly unknown[]): Tensor | readonly Tensor[] {
  const symbolic = args.some(isSymbolic);
  const made = op(...args.map((arg) => toArgument(arg, symbolic))) as Operand | readonly Operand[];
  return "owner" in made ? new Tensor(made) : made.map((result) => new Tensor(result));
}

function isSymbolic(arg: unknown): boolean {
  if (arg instanceof Tensor) return arg.symbolic;
  if (Array.isArray(arg)) return arg.some(isSymbolic);
  return isRecord(arg) && Object.values(arg).some(isSymbolic);
}

function toArgument(arg: unknown, symbolic: boolean): unknown {
  if (arg instanceof Tensor) return symbolic ? arg.symbolicHandle : arg.handle;
  if (Array.isArray(arg)) {
    return arg.map((x: unknown) => (typeof x === "string" ? sizeNamed(x) : toArgument(x, symbolic)));
  }
  if (!isRecord(arg)) return arg;
  return Object.fromEntries(Object.entries(arg).map(([key, x]) => [key, toArgument(x, symbolic)]));
}

/** Whether it is a bag of options: the tensors among them are operands too. */
function isRecord(arg: unknown): arg is Readonly<Record<string, unknown>> {
  return typeof arg === "object" && arg !== null && Object.getPrototypeOf(arg) === Object.prototype;
}

/** A shape as users write it, in the terms of the graph. */
export function sizesOf(shape: readonly Dim[]): readonly Size[] {
  return shape.map((size) => (typeof size === "string" ? sizeNamed(size) : size));
}

const sizeNamed = (text: string): Size => atUserLine(() => parseSize(text));

function numbersOf(tensor: Tensor, what: string): TypedArray {
  const { handle } = tensor;
  if (handle instanceof EagerTensor) return handle.data();
  if (handle.owner.outer) {
    throw new GraphError(`${what}: ${printType(handle.type)} is one element of a vmap and has no numbers of its own`);
  }
  throw new GraphError(`${what}: ${printType(handle.type)} is symbolic and has no numbers before a run`, {
    help: "compile({ outputs: { y } }).run(feeds) computes it",
  });
}

function printNested(data: Nested, dtype: DType): string {
  return typeof data === "number" ? printNumber(data, dtype) : `[${data.map((x) => printNested(x, dtype)).join()}]`;
}

/** Nested numbers in row-major order. */
export function flatten(data: Nested): readonly number[] {
  return typeof data === "number" ? [data] : data.flatMap(flatten);
}

function nest(data: TypedArray, shape: readonly number[]): Nested {
  if (shape.length === 0) return data[0]!;
  const [length, ...rest] = shape as [number, ...number[]];
  if (rest.length === 0) return Array.from(data);
  const step = data.length / Math.max(length, 1);
  return Array.from({ length }, (_, i) => nest(data.subarray(i * step, (i + 1) * step), rest));
}
