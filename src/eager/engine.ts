// The eager engine: applies an op to eager tensors at once. Views cost nothing; everything else is a graph of one node,
// compiled by the same pipeline as any graph and cached.
import type { DType, TypedArray } from "#ir/dtype.js";
import { operandName } from "#ir/define-op.js";
import { GraphError, placeError, printOrigin, RunError, ShapeError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Attrs, Draw, Node, Operand, Parameter } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { constant, parameter } from "#ir/ops/leaves.js";
import { captureStack, userOrigin } from "#ir/origin.js";
import { printShape } from "#ir/size.js";
import { type ConcreteType, isConcrete, printType, type TensorType } from "#ir/type.js";
import { currentRandom } from "../random-state.js";
import { ApplicationCache, attrsKey, type Compiled, type EagerProgram, type Known } from "./cache.js";
import { EagerTensor, type EagerOwner } from "./eager-tensor.js";
import { layoutOf, type Layout } from "./layout.js";
import { oneNodeGraph } from "./one-node-graph.js";
import { PullbackCache } from "./pullback.js";
import { ReadyNumbers } from "./ready-numbers.js";
import { markChanged, Storage, StoragePool } from "./storage.js";
import { checkUnchanged, record, type TapeRecord } from "./tape.js";
import { effortless, type Effortless } from "./view.js";

/** What the engine needs of a device. */
export interface EagerDevice {
  allocate(bytes: number): number;
  free(address: number): void;
  /** The address where a parameter lives; makes it on first use. */
  address(parameter: Parameter): number;
  /** `length` elements of device memory from a byte address; valid until the memory grows. */
  view(dtype: DType, address: number, length: number): TypedArray;
}

/** Compiles a graph whose inputs and outputs are addresses given at each run; `strides` of inputs that are not row-major. */
export type EagerCompiler = (graph: Graph, strides: ReadonlyMap<Node, readonly number[]>) => EagerProgram;

/** What eager execution has cost since the last reset; bytes are those of eager tensors, parameters not counted. */
export interface EagerStats {
  readonly launches: number;
  /** What launches read and wrote, each operand and result once. */
  readonly bytesMoved: number;
  readonly kernelsCompiled: number;
  readonly compileMs: number;
  readonly bytesLive: number;
  readonly bytesPeak: number;
}

const cacheLimits = { compiled: 1024, effortless: 4096 };

/** Applies ops on one device. */
export class EagerEngine implements EagerOwner {
  readonly mode = "eager";
  readonly memory: StoragePool;
  readonly #device: EagerDevice;
  readonly #compile: EagerCompiler;
  readonly #cache = new ApplicationCache(cacheLimits);
  readonly #numbers: ReadyNumbers;
  readonly #rules = new PullbackCache();
  readonly #parameters = new WeakMap<Parameter, EagerTensor>();
  #launches = 0;
  #bytesMoved = 0;
  #kernelsCompiled = 0;
  #compileMs = 0;

  constructor(device: EagerDevice, compile: EagerCompiler) {
    this.#device = device;
    this.#compile = compile;
    this.memory = new StoragePool(device);
    this.#numbers = new ReadyNumbers(this.memory, (dtype, address, length) => this.view(dtype, address, length));
  }

  apply(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly EagerTensor[] {
    if (op.lower.kind === "leaf") return [this.#leaf(op, attrs)];
    return this.#compute(op, operands as readonly EagerTensor[], attrs, attrsKey(attrs));
  }

  draw(): Draw {
    return currentRandom().eager.draw(this);
  }

  /** The same, given the part of the cache key that the attributes make. */
  #compute(op: AnyOp, tensors: readonly EagerTensor[], attrs: Attrs, key: string): readonly EagerTensor[] {
    for (let i = 0; i < tensors.length; i++) {
      const x = tensors[i]!;
      if (!x.usable) throw x.misuse(`${operandName(op, i)} `);
      key += `,${x.layout.id}`;
    }
    const known = this.#cache.get(op, key) ?? this.#learn(op, key, tensors, attrs);
    const results = known.kind === "compiled" ? this.#launch(known, tensors) : [this.#see(known, tensors)];
    for (const result of results) result.madeBy = op.name;
    record(op, tensors, attrs, results);
    return results;
  }

  inherit<T>(nodes: readonly TapeRecord[], build: () => T): T {
    nodes.forEach(checkUnchanged);
    return build();
  }

  /** The cotangents of the operands of `made`, those that are wanted; null where the walk must find out why there are none. */
  pullBack(
    made: TapeRecord,
    given: readonly (EagerTensor | null)[],
    wanted: readonly boolean[],
  ): readonly (EagerTensor | null)[] | null {
    const rule = this.#rules.find(made, given, wanted);
    if (!rule) return null;
    const list = [...made.operands, ...made.results, ...given] as EagerTensor[];
    try {
      for (const { op, operands, attrs, key } of rule.steps) {
        const leaf = op.lower.kind === "leaf";
        list.push(...(leaf ? this.apply(op, [], attrs) : this.#compute(op, operands.map((i) => list[i]!), attrs, key))); // prettier-ignore
      }
    } catch (error) {
      if (!(error instanceof GraphError) || error.placed) throw error;
      throw placeError(error, `gradient of ${made.op.name}`, [], userOrigin(error.stack));
    }
    return rule.cotangents.map((place) => (place < 0 ? null : list[place]!));
  }

  /** A tensor holding a copy of `data`, in row-major order. */
  from(data: TypedArray, shape: readonly number[], dtype: DType): EagerTensor {
    const layout = layoutOf(dtype, shape);
    if (data.length !== layout.count) {
      throw new ShapeError(`${data.length} numbers do not fill the shape ${printShape(shape)}`);
    }
    const storage = this.memory.allocate(layout.bytes);
    this.view(dtype, storage.address, layout.count).set(data);
    return new EagerTensor(this, layout, storage, 0);
  }

  /** The one tensor that stands for a parameter: its current value, in place. */
  parameter(of: Parameter): EagerTensor {
    let tensor = this.#parameters.get(of);
    if (!tensor) {
      const layout = layoutOf(of.type.dtype, of.type.shape);
      tensor = new EagerTensor(this, layout, new Storage(this.#device.address(of), layout.bytes, null), 0, of);
      this.#parameters.set(of, tensor);
    }
    return tensor;
  }

  /** Notes that a compiled program has written a parameter: views of its old value become unusable. */
  parameterChanged(of: Parameter): void {
    const storage = this.#parameters.get(of)?.storage;
    if (storage) markChanged(storage);
  }

  view(dtype: DType, address: number, length: number): TypedArray {
    return this.#device.view(dtype, address, length);
  }

  stats(): EagerStats {
    return {
      launches: this.#launches,
      bytesMoved: this.#bytesMoved,
      kernelsCompiled: this.#kernelsCompiled,
      compileMs: this.#compileMs,
      bytesLive: this.memory.live,
      bytesPeak: this.memory.peak,
    };
  }

  /** Counts from zero again; the peak starts from what is live. */
  resetStats(): void {
    this.#launches = this.#bytesMoved = this.#kernelsCompiled = this.#compileMs = 0;
    this.memory.peak = this.memory.live;
  }

  #leaf(op: AnyOp, attrs: Attrs): EagerTensor {
    if (op === (parameter as AnyOp)) return this.parameter(attrs.parameter as Parameter);
    if (op !== (constant as AnyOp)) throw new GraphError("only a graph has inputs");
    const { value, dtype, shape } = attrs as { value: number | TypedArray; dtype: DType; shape: readonly number[] };
    if (typeof value === "number") {
      const tensor = this.#scalar(value, layoutOf(dtype, shape));
      tensor.literal = attrs;
      return tensor;
    }
    op.infer([], attrs);
    return this.from(value, shape, dtype);
  }

  /** One stored number seen through `layout`, whose strides are 0 or do not matter. */
  #scalar(value: number, layout: Layout): EagerTensor {
    return new EagerTensor(this, layout, this.#numbers.take(value, layout), 0);
  }

  #see(known: Effortless, operands: readonly EagerTensor[]): EagerTensor {
    if (known.kind === "literal") return this.#scalar(known.value, known.layout);
    const source = operands[known.operand]!;
    return new EagerTensor(this, known.layout, source.storage!.retain(), source.offset + known.offset);
  }

  #launch(known: Compiled, operands: readonly EagerTensor[]): readonly EagerTensor[] {
    const { program, results, addresses } = known;
    const storages: Storage[] = [];
    try {
      let at = 0;
      for (const x of operands) addresses[at++] = x.address;
      for (const { bytes } of results) {
        const storage = this.memory.allocate(bytes);
        storages.push(storage);
        addresses[at++] = storage.address;
      }
      program.run(addresses);
    } catch (error) {
      for (const storage of storages) storage.release();
      throw error instanceof RunError ? atCaller(error) : error;
    }
    this.#launches += program.launches;
    this.#bytesMoved += program.bytes;
    return storages.map((storage, i) => new EagerTensor(this, results[i]!, storage, 0));
  }

  #learn(op: AnyOp, key: string, operands: readonly EagerTensor[], attrs: Attrs): Known {
    const types = op
      .infer(
        operands.map((x) => x.type),
        attrs,
      )
      .map(requireNumbers);
    const layouts = operands.map((x) => x.layout);
    const view = effortless(op, layouts, attrs, types);
    if (view) return this.#cache.put(op, key, view);
    const start = performance.now();
    const { graph, strides } = oneNodeGraph(op, layouts, attrs);
    const program = this.#compile(graph, strides);
    this.#compileMs += performance.now() - start;
    this.#kernelsCompiled += program.launches;
    const results = types.map(({ dtype, shape }) => layoutOf(dtype, shape));
    return this.#cache.put(op, key, { kind: "compiled", program, results, addresses: [] });
  }
}

/** Throws a ShapeError where a size is a name: names are bound by the feeds of a run, and here is none. */
function requireNumbers(type: TensorType): ConcreteType {
  if (isConcrete(type)) return type;
  throw new ShapeError(`an eager tensor cannot be ${printType(type)}: its sizes are numbers, not names`);
}

/** The error of a check that failed, with the line of the call that launched it. */
function atCaller(error: RunError): RunError {
  const at = userOrigin(captureStack().stack);
  return at ? new RunError(`${error.message}\n  at ${printOrigin(at)}`, error.details, true) : error;
}
