// Memory planning: launches over values → a Plan whose buffers have places. Results are computed into parameters, outputs
// or the scratch region; a result takes over the memory of an operand that dies where the kernel allows it; the rest is
// packed so that what is alive at the same time does not overlap.
//
// Outputs and updates see the values before the run: a parameter that is updated but also leaves as it was is copied
// first, and updates that could not be written in place are copied last.
import { InternalError } from "#ir/errors.js";
import { itemSize, type TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Parameter, Value } from "#ir/node.js";
import { alignment, type Failure, type Launch, type Place, type Plan, type PlannedBuffer } from "#ir/plan.js";
import type { ConcreteType } from "#ir/type.js";
import { copyKernel } from "./copy-kernel.js";
import { countOf } from "./element.js";
import { mayShare } from "./in-place.js";
import type { LoweredLaunch } from "./lower.js";
import { packMemory } from "./pack-memory.js";

export interface PlanOptions {
  /** Eager: inputs, then outputs, are arguments of the call instead of feeds and results. */
  readonly arguments?: boolean;
  /** Elements of inputs that are not stored densely. */
  readonly lengths?: ReadonlyMap<Node, number>;
}

interface Buffer {
  /** Its index in the plan. */
  readonly id: number;
  readonly name: string;
  readonly value: Value;
  readonly length: number;
  place: Place | null;
  from: number;
  to: number;
  /** The operand whose memory it takes over. */
  shares: Buffer | null;
}

export function planMemory(
  graph: Graph,
  inPlace: ReadonlyMap<Node, Value>,
  launches: readonly LoweredLaunch[],
  failures: readonly Failure[],
  options: PlanOptions = {},
): Plan {
  return new Planning(graph, inPlace, options).plan(launches, failures);
}

class Planning {
  readonly #buffers: Buffer[] = [];
  readonly #byValue = new Map<Value, Buffer>();
  readonly #snapshots = new Map<Value, Buffer>();
  readonly #steps: Launch[] = [];
  readonly #updated: ReadonlySet<Value>;
  /** The parameters that values are written to in place. */
  readonly #updates: ReadonlyMap<Value, Node>;
  readonly #positions: ReadonlyMap<Value, number>;

  constructor(
    readonly graph: Graph,
    readonly inPlace: ReadonlyMap<Node, Value>,
    readonly options: PlanOptions,
  ) {
    this.#updated = new Set([...graph.updates].filter(([p, v]) => p.results[0] !== v).map(([p]) => p.results[0]!));
    this.#updates = new Map([...inPlace].map(([p, v]) => [v, p]));
    this.#positions = new Map([...graph.outputs.values()].map((v, i) => [v, i]));
  }

  plan(launches: readonly LoweredLaunch[], failures: readonly Failure[]): Plan {
    this.#declareFeeds();
    this.#takeSnapshots();
    for (const { kernel, values } of launches) {
      this.#launch(
        kernel,
        values.map((v, i) => this.#bufferOf(v, kernel.buffers[i]!.length)),
      );
    }
    this.#commit();
    const outputs = [...this.graph.outputs].map(([name, value]) => {
      const buffer = this.#outputBuffer(name, value);
      buffer.to = this.#steps.length;
      return { name, ...(value.type as ConcreteType), buffer: buffer.id };
    });
    this.#share();
    const memory = this.#pack();
    const feeds = this.graph.inputs.map((node) => {
      const buffer = this.#byValue.get(node.results[0]!);
      const used = buffer && buffer.to >= 0;
      const { dtype, shape } = node.results[0]!.type as ConcreteType;
      return { name: String(node.attrs.name), dtype, shape, buffer: used ? buffer.id : null };
    });
    const last = Math.max(0, this.#steps.length - 1);
    const buffers = this.#buffers.map((b): PlannedBuffer => {
      if (!b.place) throw new InternalError(`plan-memory: ${b.name} has no place`);
      const live = [Math.max(0, Math.min(b.from, last)), Math.max(0, Math.min(b.to, last))] as const;
      return { name: b.name, dtype: b.value.type.dtype, length: b.length, place: b.place, live };
    });
    return { name: this.graph.name, buffers, feeds, outputs, steps: this.#steps, regions: [], failures, memory };
  }

  #declareFeeds(): void {
    this.graph.inputs.forEach((node, index) => {
      const length = this.options.lengths?.get(node) ?? countOf(node.results[0]!);
      const buffer = this.#add(String(node.attrs.name), node.results[0]!, length);
      buffer.from = 0;
      if (this.options.arguments) buffer.place = { at: "argument", index };
    });
  }

  /** Copies parameters that are updated and yet needed as they were, after the update. */
  #takeSnapshots(): void {
    const sources = [...this.graph.outputs.values(), ...this.graph.updates.values()];
    const needed = [...new Set(sources)].filter((v) => this.#updated.has(v));
    if (needed.length === 0) return;
    const pairs = needed.flatMap((value) => {
      const copy = this.#add(`${nameOf(value)}_before`, value, countOf(value), false);
      this.#snapshots.set(value, copy);
      return [this.#bufferOf(value), copy];
    });
    this.#launch(
      copyKernel(
        "snapshot",
        needed.map((v) => ({ dtype: v.type.dtype, length: countOf(v) })),
      ),
      pairs,
    );
  }

  /** Updates that were not written in place. */
  #commit(): void {
    const late = [...this.graph.updates].filter(([p, v]) => this.inPlace.get(p) !== v && p.results[0] !== v);
    if (late.length === 0) return;
    const pairs = late.flatMap(([p, v]) => [
      this.#snapshots.get(v) ?? this.#bufferOf(v),
      this.#bufferOf(p.results[0]!),
    ]);
    this.#launch(
      copyKernel(
        "commit",
        late.map(([, v]) => ({ dtype: v.type.dtype, length: countOf(v) })),
      ),
      pairs,
    );
  }

  #outputBuffer(name: string, value: Value): Buffer {
    const buffer = this.#snapshots.get(value) ?? this.#bufferOf(value);
    if (!buffer.place && !this.options.arguments && buffer.value.node.op.lower.kind !== "leaf") {
      buffer.place = { at: "output", name, offset: 0 };
    }
    if (!buffer.place && this.#snapshots.get(value) === buffer) buffer.place = { at: "output", name, offset: 0 };
    return buffer;
  }

  #launch(kernel: Launch["kernel"], buffers: readonly Buffer[]): void {
    const step = this.#steps.length;
    for (const b of buffers) {
      b.from = Math.min(b.from, step);
      b.to = Math.max(b.to, step);
    }
    this.#steps.push({ kind: "launch", kernel, buffers: buffers.map((b) => b.id) });
  }

  #bufferOf(value: Value, length = countOf(value)): Buffer {
    return this.#byValue.get(value) ?? this.#add(nameOf(value), value, length);
  }

  #add(name: string, value: Value, length: number, main = true): Buffer {
    const buffer: Buffer = {
      id: this.#buffers.length,
      name,
      value,
      length,
      place: null,
      from: Infinity,
      to: -1,
      shares: null,
    };
    if (main) {
      this.#byValue.set(value, buffer);
      const { node } = value;
      const parameter = (this.#updates.get(value) ?? node).attrs.parameter as Parameter | undefined;
      if (parameter) buffer.place = { at: "parameter", parameter };
      else if (node.op.lower.kind === "leaf" && ArrayBuffer.isView(node.attrs.value)) {
        buffer.place = { at: "constant", data: node.attrs.value as TypedArray };
      } else if (this.options.arguments) {
        const position = this.#positions.get(value);
        if (position !== undefined) buffer.place = { at: "argument", index: this.graph.inputs.length + position };
      }
    }
    this.#buffers.push(buffer);
    return buffer;
  }

  /** Lets results take over the memory of operands that die in the same launch. */
  #share(): void {
    const inScratch = (b: Buffer) => b.place === null || b.place.at === "output";
    this.#steps.forEach(({ kernel, buffers }, step) => {
      const taken = new Set<Buffer>();
      kernel.buffers.forEach((target, i) => {
        const to = this.#buffers[buffers[i]!]!;
        if (target.access !== "write" || !inScratch(to) || to.from !== step) return;
        // A routine may come back to an element that it has read before.
        if (to.value.node.op.lower.kind === "routine") return;
        kernel.buffers.some((source, j) => {
          const from = this.#buffers[buffers[j]!]!;
          const fits = from.length === to.length && itemSize(source.dtype) === itemSize(target.dtype);
          if (source.access !== "read" || !fits || from.to !== step || from.place !== null || taken.has(from))
            return false;
          if (!mayShare(kernel, source.name, target.name)) return false;
          to.shares = from;
          taken.add(from);
          return true;
        });
      });
    });
  }

  #pack(): Plan["memory"] {
    const movable = this.#buffers.filter((b) => (b.place === null || b.place.at === "output") && b.from !== Infinity);
    const root = (b: Buffer): Buffer => {
      let own = b;
      while (own.shares) own = own.shares;
      return own;
    };
    const units = new Map<Buffer, { size: number; from: number; to: number }>();
    for (const b of movable) {
      const unit = units.get(root(b)) ?? { size: 0, from: Infinity, to: -1 };
      unit.size = Math.max(unit.size, b.length * itemSize(b.value.type.dtype));
      unit.from = Math.min(unit.from, b.from);
      unit.to = Math.max(unit.to, b.to, b.from);
      units.set(root(b), unit);
    }
    const position = new Map([...units.keys()].map((b, i) => [b, i]));
    const packed = packMemory([...units.values()], { alignment });
    const naive = movable.reduce(
      (sum, b) => sum + Math.ceil((b.length * itemSize(b.value.type.dtype)) / alignment) * alignment,
      0,
    );
    for (const b of movable) {
      const offset = packed.offsets[position.get(root(b))!]!;
      const isFeed = b.value.node.op.lower.kind === "leaf" && this.graph.inputs.includes(b.value.node);
      if (b.place?.at === "output") b.place = { ...b.place, offset };
      else b.place = isFeed ? { at: "feed", name: b.name, offset } : { at: "scratch", offset };
    }
    for (const b of this.#buffers) b.place ??= { at: "scratch", offset: 0 };
    return { naive, planned: packed.planned, lowerBound: packed.lowerBound };
  }
}

function nameOf(value: Value): string {
  const { node } = value;
  const parameter = node.attrs.parameter as Parameter | undefined;
  return parameter?.name ?? (typeof node.attrs.name === "string" ? node.attrs.name : `${node.op.name}_${node.id}`);
}
