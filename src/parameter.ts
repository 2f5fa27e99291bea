// Parameters: state that belongs to a model and lives on the device. In a graph a parameter is its value before the run,
// in eager code its value now.
import { arrayOf, arrayType, type DType, isFloat, type TypedArray } from "#ir/dtype.js";
import { ShapeError } from "#ir/errors.js";
import type { Applier, Operand, Parameter as ParameterRecord } from "#ir/node.js";
import { parameter as parameterOp } from "#ir/ops/leaves.js";
import { atUserLine } from "#ir/origin.js";
import { makeParameter } from "#ir/parameter.js";
import { elementCount, printShape } from "#ir/size.js";
import { type ConcreteType, concreteType } from "#ir/type.js";
import { assignAll, eagerEngine, type EagerTensor, parameterTensor, writeParameter } from "./eager/eager.js";
import { filled } from "./filled.js";
import type { Mutable, Shape } from "./shapes.js";
import { flatten, type Nested, Tensor } from "./tensor.js";

const known = new WeakMap<ParameterRecord, Parameter>();

/** What a parameter is made with. */
export interface ParameterOptions<D extends DType> {
  readonly dtype?: D;
  /** Names it in graphs, errors and saved files; `parameter` where nothing is said. */
  readonly name?: string;
  /** Whether optimisers look for it in a graph; floats are, where nothing is said. */
  readonly trainable?: boolean;
}

/** A tensor whose value can be changed: by `assign`, by the `updates` of an executable, by an eager optimiser step. */
export class Parameter<S extends Shape = Shape, D extends DType = DType> extends Tensor<S, D> {
  /** What graphs and devices know of it. */
  readonly record: ParameterRecord;
  readonly trainable: boolean;

  constructor(record: ParameterRecord, trainable: boolean) {
    super(null);
    this.record = record;
    this.trainable = trainable;
    known.set(record, this);
  }

  /** The parameter that a graph's record belongs to. */
  static of(record: ParameterRecord): Parameter {
    return known.get(record) ?? new Parameter(record, isFloat(record.type.dtype));
  }

  get name(): string {
    return this.record.name;
  }

  override get type(): ConcreteType {
    return this.record.type;
  }

  override get symbolic(): boolean {
    return false;
  }

  /** Its one eager tensor; puts it on the device, with its initial value, when first asked for. */
  override get handle(): EagerTensor {
    return parameterTensor(this.record);
  }

  override get symbolicHandle(): Operand {
    return new Placeholder(this.record);
  }

  /** The number of its elements. */
  get count(): number {
    return elementCount(this.record.type.shape);
  }

  /**
   * Gives it another value: an eager tensor of its type, a typed array or nested numbers that fill its shape.
   * Throws a ShapeError where the number of elements differs.
   */
  assign(value: Tensor | TypedArray | Nested): void {
    atUserLine(() => this.#assign(value));
  }

  #assign(value: Tensor | TypedArray | Nested): void {
    if (value instanceof Tensor) return assignAll([[this.record, value.handle as EagerTensor]]);
    const { dtype, shape } = this.record.type;
    const flat = ArrayBuffer.isView(value) ? value : flatten(value);
    if (flat.length !== this.count) {
      const what = `${flat.length} numbers do not fill the shape ${printShape(shape)}`;
      throw new ShapeError(`assign: ${what} of parameter ${this.name}`);
    }
    writeParameter(this.record, flat instanceof arrayType(dtype) ? flat : arrayOf(dtype, flat));
  }

  /** Does nothing: a parameter lives as long as its model. */
  override dispose(): void {}
}

/** Stands for a parameter beside symbolic operands, so that growing a graph touches no device. */
class Placeholder implements Operand {
  readonly type: ConcreteType;
  constructor(readonly record: ParameterRecord) {
    this.type = record.type;
  }

  get owner(): Applier {
    return eagerEngine();
  }

  get from(): string {
    return this.record.name;
  }

  liftInto(graph: Applier): Operand {
    return liftParameter(this.record, graph);
  }
}

/** The `parameter` node of a graph. */
export function liftParameter(record: ParameterRecord, graph: Applier): Operand {
  return graph.apply(parameterOp, [], { parameter: record })[0]!;
}

/**
 * A parameter of a shape. `initial` is a number, numbers that fill the shape, or a function that makes them when the
 * parameter first needs memory.
 */
export function parameter<const S extends readonly number[], D extends DType = "f32">(
  shape: S,
  initial: number | Nested | TypedArray | ((type: ConcreteType) => TypedArray),
  options: ParameterOptions<D> = {},
): Parameter<Mutable<S>, D> {
  const type = atUserLine(() => concreteType(options.dtype ?? "f32", shape), "parameter");
  const count = elementCount(shape);
  const make = (): TypedArray => {
    if (typeof initial === "function") return initial(type);
    if (typeof initial === "number") return filled(type, initial);
    return arrayOf(type.dtype, ArrayBuffer.isView(initial) ? initial : flatten(initial));
  };
  const name = options.name ?? "parameter";
  const check = (length: number): void => {
    if (length === count) return;
    throw new ShapeError(`parameter: ${length} numbers do not fill the shape ${printShape(shape)} of ${name}`);
  };
  const checked = (): TypedArray => {
    const array = make();
    check(array.length);
    return array;
  };
  if (typeof initial === "object") {
    atUserLine(() => check(ArrayBuffer.isView(initial) ? initial.length : flatten(initial).length));
  }
  return new Parameter<Mutable<S>, D>(makeParameter(name, type, checked), options.trainable ?? isFloat(type.dtype));
}
