// Memory planning: launches over values → a Plan whose buffers have places. Results are computed into parameters, outputs
// or the scratch region; a result takes over the memory of an operand that dies where the kernel allows it; the rest is
// packed so that what is alive at the same time does not overlap.
//
// Outputs and updates see the values before the run: a parameter that is updated but also leaves as it was is copied
// first, and updates that could not be written in place are copied last.
import { InternalError } from "#ir/errors.js";
import type { DType, TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Parameter, Value } from "#ir/node.js";
import type { Failure, Launch, Plan, PlannedBuffer, Region } from "#ir/plan.js";
import type { ConcreteType } from "#ir/type.js";
import { type Copy, launchCopies } from "./copy-kernel.js";
import { countOf } from "./element.js";
import type { FailureTable } from "./kernel-buffers.js";
import type { Lowered } from "./lower-control.js";
import { planControl } from "./plan-control.js";
import { type Buffer, placeBuffers, type Ref, shareMemory } from "./planned-buffer.js";

export interface PlanOptions {
  /** Eager: inputs, then outputs, are arguments of the call instead of feeds and results. */
  readonly arguments?: boolean;
  /** Elements of inputs that are not stored densely. */
  readonly lengths?: ReadonlyMap<Node, number>;
}

export function planMemory(
  graph: Graph,
  inPlace: ReadonlyMap<Node, Value>,
  launches: readonly Lowered[],
  failures: FailureTable & { readonly list: readonly Failure[] },
  options: PlanOptions = {},
): Plan {
  return new Planning(graph, inPlace, failures, options).plan(launches, failures.list);
}

/** What plans loops and branches: a plan in the making. */
export interface PlanBuilder {
  readonly failures: FailureTable;
  /** The number of the next step. */
  readonly step: number;
  /** Where a value is. */
  refOf(value: Value): Ref;
  /** Says where a value is, or is to be written. */
  bind(value: Value, ref: Ref): void;
  /** Memory of its own. */
  temporary(name: string, dtype: DType, length: number): Buffer;
  /** The next step needs a buffer. */
  touch(buffer: Buffer): void;
  launch(kernel: Launch["kernel"], refs: readonly Ref[]): void;
  run(launches: readonly Lowered[]): void;
  /** Begins a region and gives its index; `loops` where what is inside runs more than once. */
  begin(loops: boolean): number;
  end(index: number, region: Region): void;
}

/** A loop that is being planned: what was there before it and is touched in it must last as long as it. */
interface OpenLoop {
  readonly from: number;
  /** Buffers with smaller ids were there before. */
  readonly first: number;
  readonly crossing: Set<Buffer>;
}

class Planning implements PlanBuilder {
  readonly #buffers: Buffer[] = [];
  readonly #byValue = new Map<Value, Ref>();
  readonly #regions: (Region | null)[] = [];
  readonly #loops: (OpenLoop | null)[] = [];
  readonly #snapshots = new Map<Value, Buffer>();
  readonly #steps: Launch[] = [];
  readonly #updated: ReadonlySet<Value>;
  /** The parameters that values are written to in place. */
  readonly #updates: ReadonlyMap<Value, Node>;
  readonly #positions: ReadonlyMap<Value, number>;

  constructor(
    readonly graph: Graph,
    readonly inPlace: ReadonlyMap<Node, Value>,
    readonly failures: FailureTable,
    readonly options: PlanOptions,
  ) {
    this.#updated = new Set([...graph.updates].filter(([p, v]) => p.results[0] !== v).map(([p]) => p.results[0]!));
    this.#updates = new Map([...inPlace].map(([p, v]) => [v, p]));
    this.#positions = new Map([...graph.outputs.values()].map((v, i) => [v, i]));
  }

  get step(): number {
    return this.#steps.length;
  }

  plan(launches: readonly Lowered[], failures: readonly Failure[]): Plan {
    this.#declareFeeds();
    this.#takeSnapshots();
    this.run(launches);
    this.#commit();
    const outputs = [...this.graph.outputs].map(([name, value]) => {
      const buffer = this.#outputBuffer(name, value);
      buffer.to = this.#steps.length;
      return { name, ...(value.type as ConcreteType), buffer: buffer.id };
    });
    shareMemory(this.#buffers, this.#steps);
    const memory = placeBuffers(this.#buffers, new Set(this.graph.inputs));
    const feeds = this.graph.inputs.map((node) => {
      const buffer = this.#byValue.get(node.results[0]!)?.buffer;
      const used = buffer && buffer.to >= 0;
      const { dtype, shape } = node.results[0]!.type as ConcreteType;
      return { name: String(node.attrs.name), dtype, shape, buffer: used ? buffer.id : null };
    });
    const last = Math.max(0, this.#steps.length - 1);
    const buffers = this.#buffers.map((b): PlannedBuffer => {
      if (!b.place) throw new InternalError(`plan-memory: ${b.name} has no place`);
      const live = [Math.max(0, Math.min(b.from, last)), Math.max(0, Math.min(b.to, last))] as const;
      return { name: b.name, dtype: b.dtype, length: b.length, place: b.place, live };
    });
    const regions = this.#regions as readonly Region[];
    return { name: this.graph.name, buffers, feeds, outputs, steps: this.#steps, regions, failures, memory };
  }

  #declareFeeds(): void {
    this.graph.inputs.forEach((node, index) => {
      const length = this.options.lengths?.get(node) ?? countOf(node.results[0]!);
      const buffer = this.#declare(node.results[0]!, length);
      buffer.from = 0;
      if (this.options.arguments) buffer.place = { at: "argument", index };
    });
  }

  /** Copies parameters that are updated and yet needed as they were, after the update. */
  #takeSnapshots(): void {
    const sources = [...this.graph.outputs.values(), ...this.graph.updates.values()];
    const needed = [...new Set(sources)].filter((v) => this.#updated.has(v));
    const copies = needed.map((value): Copy => {
      const { dtype } = value.type;
      const copy = this.temporary(`${nameOf(value)}_before`, dtype, countOf(value));
      this.#snapshots.set(value, copy);
      return { from: this.refOf(value), to: whole(copy), dtype, length: countOf(value) };
    });
    launchCopies("snapshot", copies, this);
  }

  /** Updates that were not written in place. */
  #commit(): void {
    const late = [...this.graph.updates].filter(([p, v]) => this.inPlace.get(p) !== v && p.results[0] !== v);
    const copies = late.map(([p, v]): Copy => ({
      from: this.#snapshots.has(v) ? whole(this.#snapshots.get(v)!) : this.refOf(v),
      to: this.refOf(p.results[0]!),
      dtype: v.type.dtype,
      length: countOf(v),
    }));
    launchCopies("commit", copies, this);
  }

  #outputBuffer(name: string, value: Value): Buffer {
    const buffer = this.#snapshots.get(value) ?? this.refOf(value).buffer;
    const computed = buffer.node ? !this.options.arguments && buffer.node.op.lower.kind !== "leaf" : true;
    if (!buffer.place && computed) buffer.place = { at: "output", name, offset: 0 };
    return buffer;
  }

  launch(kernel: Launch["kernel"], refs: readonly Ref[]): void {
    for (const { buffer, slice } of refs) {
      this.touch(buffer);
      if (slice) buffer.fixed = true;
    }
    const slices = refs.some(({ slice }) => slice) ? { slices: refs.map(({ slice }) => slice) } : {};
    this.#steps.push({ kind: "launch", kernel, buffers: refs.map(({ buffer }) => buffer.id), ...slices });
  }

  touch(buffer: Buffer): void {
    buffer.from = Math.min(buffer.from, this.step);
    buffer.to = Math.max(buffer.to, this.step);
    for (const loop of this.#loops) if (loop && buffer.id < loop.first) loop.crossing.add(buffer);
  }

  run(launches: readonly Lowered[]): void {
    for (const lowered of launches) {
      if ("flow" in lowered) {
        planControl(lowered, this);
        continue;
      }
      const { kernel, values } = lowered;
      this.launch(kernel, values.map((v, i) => this.refOf(v, kernel.buffers[i]!.length))); // prettier-ignore
    }
  }

  begin(loops: boolean): number {
    const open = { from: this.#steps.length, first: this.#buffers.length, crossing: new Set<Buffer>() };
    this.#loops.push(loops ? open : null);
    return this.#regions.push(null) - 1;
  }

  end(index: number, region: Region): void {
    this.#regions[index] = region;
    const loop = this.#loops.pop();
    for (const buffer of loop?.crossing ?? []) {
      buffer.from = Math.min(buffer.from, region.from);
      buffer.to = Math.max(buffer.to, region.to - 1);
      buffer.fixed = true;
    }
  }

  refOf(value: Value, length = countOf(value)): Ref {
    return this.#byValue.get(value) ?? whole(this.#declare(value, length));
  }

  bind(value: Value, ref: Ref): void {
    ref.buffer.fixed = true;
    this.#byValue.set(value, ref);
  }

  temporary(name: string, dtype: DType, length: number): Buffer {
    return this.#add(name, dtype, length, null);
  }

  /** The buffer of a value. */
  #declare(value: Value, length: number): Buffer {
    const { node } = value;
    const buffer = this.#add(nameOf(value), value.type.dtype, length, node);
    this.#byValue.set(value, whole(buffer));
    const parameter = (this.#updates.get(value) ?? node).attrs.parameter as Parameter | undefined;
    if (parameter) buffer.place = { at: "parameter", parameter };
    else if (node.op.lower.kind === "leaf" && ArrayBuffer.isView(node.attrs.value)) {
      buffer.place = { at: "constant", data: node.attrs.value as TypedArray };
    } else if (this.options.arguments) {
      const position = this.#positions.get(value);
      if (position !== undefined) buffer.place = { at: "argument", index: this.graph.inputs.length + position };
    }
    return buffer;
  }

  #add(name: string, dtype: DType, length: number, node: Node | null): Buffer {
    const id = this.#buffers.length;
    const buffer = { id, name, dtype, length, node, place: null, from: Infinity, to: -1, shares: null, fixed: false };
    this.#buffers.push(buffer);
    return buffer;
  }
}

const whole = (buffer: Buffer): Ref => ({ buffer, slice: null });

function nameOf(value: Value): string {
  const { node } = value;
  const parameter = node.attrs.parameter as Parameter | undefined;
  return parameter?.name ?? (typeof node.attrs.name === "string" ? node.attrs.name : `${node.op.name}_${node.id}`);
}
