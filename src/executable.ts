// Executable: a compiled graph. Specialises itself for every binding of named sizes it meets, and keeps the latest ones.
import type { DType, TypedArray } from "#ir/dtype.js";
import { DisposedError, FeedError } from "#ir/errors.js";
import type { Graph as IrGraph } from "#ir/graph.js";
import type { Parameter as ParameterRecord } from "#ir/node.js";
import type { Plan } from "#ir/plan.js";
import type { SizeBinding } from "#ir/size.js";
import { compileGraph, type CompileOptions } from "#passes/compile.js";
import type { Observer } from "#passes/pass.js";
import type { RematerializeOptions } from "#passes/rematerialize.js";
import type { BackendName } from "#runtime/backend.js";
import { defaultDevice, type Device } from "#runtime/device.js";
import { prepare } from "#runtime/prepare.js";
import { checkThreads, coreCount } from "#runtime/threads/thread-count.js";
import { AsyncQueue } from "./async-queue.js";
import { bindSizes } from "./bind-sizes.js";
import { type Feeds, type FeedSpec, snapshotOf } from "./feeds.js";
import { Parameter } from "./parameter.js";
import { rematerializeOptions, type Rematerialization } from "./rematerialization.js";
import { Specialization } from "./specialization.js";
import type { ArrayOf, Tensor } from "./tensor.js";
import type { ScheduleCache } from "./tuning/schedule-cache.js";
import { cacheOf, type Tuning } from "./tuning/tune.js";
import { tunedPlan } from "./tuning/tuned-plan.js";

export interface ExecutableOptions {
  /** What kernels are compiled to; the device's choice where nothing is said. */
  readonly backend?: BackendName;
  /** Where it runs; the device of the process where nothing is said. Every device has values of its own for parameters. */
  readonly device?: Device;
  /** Shown every intermediate form of every compilation. */
  readonly observe?: Observer;
  /**
   * The most threads a run uses; where nothing is said as many as there are cores, up to 8. Launches too small to gain run on
   * one, and so does everything where memory cannot be shared.
   */
  readonly threads?: number;
  /** Needs less memory and more time: √n segments where it is true. Without a gradient in the graph it changes nothing. */
  readonly rematerialize?: boolean | Rematerialization;
  /** May round a product and the sum it goes into at once: faster, but the last places then depend on the processor. */
  readonly relaxed?: boolean;
  /** Measures a few schedules of each contraction before the first run, and keeps the fastest for later programs. */
  readonly tune?: boolean | Tuning;
}

/** An output of a run; the caller owns it. */
export interface Result<D extends DType = DType> {
  /** In row-major order. */
  readonly data: ArrayOf[D];
  readonly shape: readonly number[];
  readonly dtype: D;
}
/** The outputs of a run, by name. */
export type Results<O> = { readonly [K in keyof O]: O[K] extends Tensor ? Result<O[K]["dtype"]> : never };

/** The most specialisations that an executable keeps. */
const limit = 8;

/** Runs a graph; made by `compile`. */
export class Executable<O = Readonly<Record<string, Tensor>>> {
  /** What it computes, before specialisation. */
  readonly graph: IrGraph;
  /** What it may be fed. */
  readonly inputs: readonly FeedSpec[];
  readonly #options: ExecutableOptions;
  readonly #copies: ReadonlyMap<ParameterRecord, Parameter> | null;
  readonly #names: ReadonlySet<string>;
  readonly #recompute: RematerializeOptions | null;
  readonly #schedules: ScheduleCache | null;
  /** The plan made last, which a run may be next to need. */
  #planned: { readonly key: string; readonly plan: Plan } | null = null;
  /** The one used last comes first. */
  readonly #specializations: Specialization[] = [];
  #disposed = false;

  constructor(
    graph: IrGraph,
    inputs: readonly FeedSpec[],
    options: ExecutableOptions,
    copies: ReadonlyMap<ParameterRecord, Parameter> | null,
  ) {
    this.graph = graph;
    this.inputs = inputs;
    this.#options = options;
    this.#copies = copies;
    this.#names = new Set(inputs.map((spec) => spec.name));
    checkThreads(options.threads);
    this.#recompute = rematerializeOptions(options.rematerialize);
    this.#schedules = cacheOf(options.tune);
  }

  get name(): string {
    return this.graph.name;
  }

  get device(): Device {
    return this.#options.device ?? defaultDevice();
  }

  /** The parameters it reads or updates. */
  get parameters(): readonly Parameter[] {
    return this.graph.parameters.map((node) => Parameter.of(node.attrs.parameter as ParameterRecord));
  }

  /** What stands for a parameter here: itself, or its copy where the graph was retyped. */
  copyOf(parameter: Parameter): Parameter {
    return this.#copies?.get(parameter.record) ?? parameter;
  }

  /**
   * The plan for a binding of named sizes; `plan.memory` says what it needs. Throws a GraphError where a size is not given, a
   * MemoryError where recomputing cannot meet a budget.
   */
  plan(sizes: SizeBinding = {}): Plan {
    const key = keyOf(sizes);
    const known = this.#specializations.find((s) => s.key === key);
    return known ? known.plan : this.#compile(sizes);
  }

  /**
   * Copies feeds in, computes, and returns the outputs. Throws a FeedError that lists all that is wrong with the feeds, a
   * RunError where a check fails (parameters are then as they were), a MemoryError before allocating too much.
   */
  run(feeds: Feeds = {}): Results<O> {
    AsyncQueue.of(this.device).assertIdle("run");
    return this.#run(feeds, "run");
  }

  /** As `run`, but writes outputs into arrays of their dtype and length; those not given are not copied. Allocates nothing. */
  runInto(feeds: Feeds, outputs: Readonly<Record<string, TypedArray>>): void {
    AsyncQueue.of(this.device).assertIdle("runInto");
    const s = this.#prepare(feeds, "runInto");
    checkTargets(s, outputs);
    s.run(feeds);
    s.copyOutputs(outputs);
  }

  /**
   * As `run`, in workers, while this thread goes on; after the asynchronous runs begun before it. The feeds are copied now.
   * Where there are no workers it runs here, in a later turn of the event loop.
   */
  runAsync(feeds: Feeds = {}): Promise<Results<O>> {
    const copied = snapshotOf(feeds);
    return AsyncQueue.of(this.device).add(async () => {
      const s = this.#prepare(copied, "runAsync");
      return (await s.runAsync(copied)) as unknown as Results<O>;
    });
  }

  /** Frees what it holds on the device; parameters stay. */
  dispose(): void {
    this.#disposed = true;
    for (const s of this.#specializations.splice(0)) s.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The program for feeds, compiled if it is new: what profilers drive launch by launch. */
  specializationFor(feeds: Feeds): Specialization {
    return this.#prepare(feeds, "run");
  }

  #run(feeds: Feeds, what: string): Results<O> {
    const s = this.#prepare(feeds, what);
    s.run(feeds);
    return s.results() as unknown as Results<O>;
  }

  /** The specialisation that the feeds need. Allocates nothing where it is known. */
  #prepare(feeds: Feeds, what: string): Specialization {
    if (this.#disposed) throw new DisposedError(`${what}: the executable ${this.name} was disposed of`);
    const known = this.#specializations;
    if (this.#allKnown(feeds)) {
      for (let i = 0; i < known.length; i++) if (known[i]!.fits(feeds)) return this.#toFront(i);
    }
    const sizes = bindSizes(this.inputs, feeds, what);
    const key = keyOf(sizes);
    let index = known.findIndex((s) => s.key === key);
    if (index < 0) {
      const { backend = this.device.backend, threads = coreCount(), relaxed = false } = this.#options;
      const program = prepare(this.#compile(sizes), this.device, backend, { threads, relaxed });
      index = known.push(new Specialization(key, program, this.inputs)) - 1;
    }
    const s = this.#toFront(index);
    s.remember(feeds);
    if (known.length > limit) known.pop()!.dispose();
    return s;
  }

  #allKnown(feeds: Feeds): boolean {
    for (const name in feeds) if (!this.#names.has(name)) return false;
    return true;
  }

  #toFront(index: number): Specialization {
    const list = this.#specializations;
    const chosen = list[index]!;
    for (let i = index; i > 0; i--) list[i] = list[i - 1]!;
    list[0] = chosen;
    return chosen;
  }

  #compile(sizes: SizeBinding): Plan {
    const { observe, backend = this.device.backend, relaxed = false } = this.#options;
    const key = keyOf(sizes);
    if (this.#planned?.key === key) return this.#planned.plan;
    const recompute = this.#recompute ? { rematerialize: this.#recompute } : {};
    const planBy = (options: CompileOptions) => compileGraph(this.graph, { sizes, ...recompute, ...options });
    const cache = this.#schedules;
    const plan = cache ? tunedPlan(planBy, cache, { backend, relaxed, observe }) : planBy(observe ? { observe } : {});
    this.#planned = { key, plan };
    return plan;
  }
}

function keyOf(sizes: SizeBinding): string {
  return Object.keys(sizes)
    .sort()
    .map((name) => `${name}=${sizes[name]}`)
    .join();
}

function checkTargets(s: Specialization, outputs: Readonly<Record<string, TypedArray>>): void {
  for (const name in outputs) {
    const complaint = s.complaintAbout(name, outputs[name]!);
    if (complaint !== null) throw new FeedError(`runInto: ${complaint}`);
  }
}
