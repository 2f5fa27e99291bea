// A graph compiled for one binding of its named sizes: moves feeds in and outputs out without allocating.
import { arrayType, copyOf, type DType, toDType, type TypedArray } from "#ir/dtype.js";
import type { Parameter as ParameterRecord } from "#ir/node.js";
import type { Plan, PlannedOutput } from "#ir/plan.js";
import { elementCount, printShape } from "#ir/size.js";
import type { Program } from "#runtime/backend.js";
import { parameterChanged } from "./eager/eager.js";
import type { Result } from "./executable.js";
import { accepts, countIn, type Feed, type Feeds, type FeedSpec, numbersIn, shapeIn } from "./feeds.js";

/** An input with what this binding makes of it. */
interface Slot {
  readonly name: string;
  readonly dtype: DType;
  readonly converts: boolean;
  readonly shape: readonly number[];
  readonly count: number;
  /** Index of the plan's buffer; null where the program does not read it. */
  readonly buffer: number | null;
  /** Whether it was given with its shape when this binding was found. */
  withShape: boolean;
}

/** A program and the places of its feeds and outputs. */
export class Specialization {
  readonly plan: Plan;
  readonly #slots: readonly Slot[];
  readonly #written: readonly ParameterRecord[];

  constructor(
    /** The sizes, as text. */
    readonly key: string,
    readonly program: Program,
    inputs: readonly FeedSpec[],
  ) {
    const { plan } = program.buffers;
    this.plan = plan;
    this.#slots = plan.feeds.map(({ name, dtype, shape, buffer }) => {
      const converts = inputs.find((spec) => spec.name === name)!.converts;
      return { name, dtype, shape, buffer, converts, count: elementCount(shape), withShape: false };
    });
    this.#written = writtenParameters(plan);
  }

  /** Whether the feeds surely have this binding: of the same form as before, and of its sizes. Allocates nothing. */
  fits(feeds: Feeds): boolean {
    for (let i = 0; i < this.#slots.length; i++) if (!fits(this.#slots[i]!, feeds[this.#slots[i]!.name])) return false;
    return true;
  }

  /** Notes in what form the feeds came that were found to have this binding. */
  remember(feeds: Feeds): void {
    for (const slot of this.#slots) slot.withShape = shapeIn(feeds[slot.name]!) !== null;
  }

  /** Copies feeds in and runs. */
  run(feeds: Feeds): void {
    this.program.buffers.locate();
    this.#copyIn(feeds);
    this.program.run();
    this.#noteChanges();
  }

  /** Copies feeds in, runs in workers where there are any, and gives the outputs, copied out. */
  async runAsync(feeds: Feeds): Promise<Readonly<Record<string, Result>>> {
    const { program } = this;
    const { buffers } = program;
    buffers.locate();
    this.#copyIn(feeds);
    if (!program.runAsync) {
      program.run();
      this.#noteChanges();
      return this.results();
    }
    const giveBack = buffers.device.lendScratch();
    try {
      await program.runAsync();
      this.#noteChanges();
      return this.results();
    } finally {
      giveBack();
    }
  }

  #copyIn(feeds: Feeds): void {
    for (let i = 0; i < this.#slots.length; i++) {
      const { name, buffer, dtype } = this.#slots[i]!;
      if (buffer !== null) put(feeds[name]!, this.program.buffers.view(buffer), dtype);
    }
  }

  #noteChanges(): void {
    for (let i = 0; i < this.#written.length; i++) parameterChanged(this.#written[i]!);
  }

  /** The outputs of the last run, copied out. */
  results(): Readonly<Record<string, Result>> {
    const results: Record<string, Result> = {};
    for (const { name, shape, dtype, buffer } of this.plan.outputs) {
      const data = copyOf(this.program.buffers.view(buffer));
      results[name] = { data, shape, dtype };
    }
    return results;
  }

  /** Copies the outputs of the last run that have a target. */
  copyOutputs(targets: Readonly<Record<string, TypedArray>>): void {
    const { outputs } = this.plan;
    for (let i = 0; i < outputs.length; i++) {
      const target = targets[outputs[i]!.name];
      if (target) target.set(this.program.buffers.view(outputs[i]!.buffer));
    }
  }

  /** What is wrong with an array as the target of an output; null where nothing is. */
  complaintAbout(name: string, target: TypedArray): string | null {
    const output = this.#output(name);
    if (!output) return `there is no output "${name}", only ${this.plan.outputs.map((o) => o.name).join(", ")}`;
    const { dtype, shape } = output;
    if (target instanceof arrayType(dtype) && target.length === elementCount(shape)) return null;
    const given = ArrayBuffer.isView(target) ? `a ${target.constructor.name} of ${target.length}` : typeof target;
    return `${name} is ${dtype}${printShape(shape)} and needs a ${arrayType(dtype).name} of ${elementCount(shape)}, not ${given}`;
  }

  dispose(): void {
    this.program.dispose();
  }

  #output(name: string): PlannedOutput | null {
    for (let i = 0; i < this.plan.outputs.length; i++)
      if (this.plan.outputs[i]!.name === name) return this.plan.outputs[i]!;
    return null;
  }
}

function fits(slot: Slot, feed: Feed | undefined): boolean {
  if (feed === undefined || countIn(feed) !== slot.count) return false;
  const shape = shapeIn(feed);
  if ((shape !== null) !== slot.withShape) return false;
  if (shape !== null) {
    if (shape.length !== slot.shape.length) return false;
    for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== slot.shape[axis]) return false;
  }
  return accepts(feed, slot.dtype, slot.converts);
}

function put(feed: Feed, view: TypedArray, dtype: DType): void {
  const data = numbersIn(feed);
  if (typeof data === "number") view[0] = toDType(dtype, data);
  else view.set(data);
  if (dtype === "bool" && typeof data !== "number")
    for (let i = 0; i < view.length; i++) view[i] = data[i] === 0 ? 0 : 1;
}

/** The parameters that some launch writes. */
function writtenParameters(plan: Plan): readonly ParameterRecord[] {
  const written = new Set<ParameterRecord>();
  for (const { kernel, buffers } of plan.steps) {
    kernel.buffers.forEach(({ access }, i) => {
      const { place } = plan.buffers[buffers[i]!]!;
      if (access !== "read" && place.at === "parameter") written.add(place.parameter);
    });
  }
  return [...written];
}
