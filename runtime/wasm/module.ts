// A whole plan as one WebAssembly module: a function per iteration space, the functions they call, one export per launch,
// and `run`, which is the schedule.
import { InternalError } from "#ir/errors.js";
import type { Kernel } from "#ir/kernel.js";
import type { Plan } from "#ir/plan.js";
import type { Shares } from "../threads/shares.js";
import { Code } from "./code.js";
import { assemble } from "./assemble.js";
import { ModuleEncoder, type WasmFunction } from "./encoder.js";
import { FlowWriter } from "./flow-writer.js";
import { libraryFunction } from "./functions.js";
import { spaceFunction } from "./kernel-function.js";
import { addressesOf, countArguments, positionsOf } from "./launch-addresses.js";
import type { Immediate, Value } from "./ssa.js";
import { failFunction } from "./statements.js";
import { inParts, type SpaceCall, warmUp } from "./tiers.js";
import { addShare } from "./share-function.js";
import { stalledFunction } from "./thread-functions.js";

/** Where the imports are: `env.memory`, `env.fail(failure, value)`, `env.threadScratch`. */
export const importModule = "env";

export interface ModuleOptions {
  /** The address of a parameter's or constant's buffer, in bytes. */
  readonly addressOf: (buffer: number) => number;
  /** Whether the memory is shared between threads. */
  readonly shared: boolean;
  /** How threads go through the plan; without it there is no `share`. */
  readonly shares?: Shares | null;
  /** Where threads count the parts of stages that are taken: see `Sharing`. */
  readonly counters?: number;
  /** Multiplies and adds in one instruction; the engine must have it: see `hasRelaxedSimd`. */
  readonly relaxed?: boolean;
}

/**
 * The module exports `run` and `launch0`, `launch1` …, which take the address of the scratch region, then the plan's arguments;
 * launches take the positions of loops after them, 0 where nothing is said; and `warm` where there is something to be called before the first run: see `tiers.ts`.
 * For several threads also `share(scratch, thread, threads, control)`, a thread's part of the run; it imports `env.stalled`.
 */
export interface EncodedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many addresses the caller gives besides that of the scratch region. */
  readonly arguments: number;
  /** Bytes that each thread needs at `env.threadScratch`. */
  readonly threadScratch: number;
}

export function encodeModule(plan: Plan, options: ModuleOptions): EncodedModule {
  const encoder = new ModuleEncoder();
  encoder.importMemory(importModule, "memory", options.shared);
  encoder.importGlobal(importModule, "threadScratch");
  const functions = new Functions(encoder, options.relaxed ?? false);
  functions.import(failFunction, ["i32", "f64"]);
  if (options.shares) functions.import(stalledFunction, []);
  const spaces = new Map<Kernel, readonly SpaceCall[]>();
  for (const { kernel } of plan.steps)
    if (!spaces.has(kernel)) spaces.set(kernel, functions.addKernel(kernel, spaces.size));
  const count = countArguments(plan);
  const params = new Array<"i32">(count + 1).fill("i32");
  const launches = plan.steps.map((step, i) => {
    const positions = positionsOf(step).map(() => "i32" as const);
    const code = new Code([...params, ...positions]);
    const places = addressesOf(code, plan, step, options.addressOf, params.length);
    for (const space of spaces.get(step.kernel)!)
      inParts(code, space, (...range) => code.effect("call", [...places, ...range], calling(space.name)));
    return functions.add(`launch${i}`, [...params, ...positions], code);
  });
  const own = params.map((_, i) => i);
  const fail = functions.indexOf(failFunction);
  const run = new FlowWriter(plan, { params: params.length, addressOf: options.addressOf, fail });
  run.write({ step: (i) => run.call(launches[i]!.index, own, i, positionsOf(plan.steps[i]!)) });
  for (const fn of [...launches, functions.addRaw("run", params, [], run.finish())]) encoder.export(fn);
  if (options.shares) {
    const spacesOf = (kernel: Kernel) => spaces.get(kernel)!;
    const { shares, counters = 0, addressOf } = options;
    encoder.export(addShare(functions, plan, { shares, counters, addressOf, spacesOf }));
  }
  functions.addLibrary();
  const warm = new Code([]);
  const nothing = warm.constant("i32", 0);
  const isHeavy = warmUp(warm, [...spaces.values()].flat(), ({ name, params }) =>
    warm.effect("call", new Array<Value>(params).fill(nothing), calling(name)),
  );
  if (isHeavy) encoder.export(functions.add("warm", [], warm));
  return { bytes: encoder.finish(), arguments: count, threadScratch: functions.threadScratch };
}

const calling = (name: string): Immediate => ({ is: "function", name });

/** The functions of a module, by their names. */
export class Functions {
  /** What the neediest space needs. */
  threadScratch = 0;
  readonly #byName = new Map<string, WasmFunction>();
  readonly #called = new Set<string>();

  constructor(
    readonly encoder: ModuleEncoder,
    readonly relaxed: boolean,
  ) {}

  import(name: string, params: readonly ("i32" | "f64")[]): void {
    this.#byName.set(name, this.encoder.importFunction(importModule, name, params, []));
  }

  add(name: string, params: readonly "i32"[], code: Code): WasmFunction {
    code.calls.forEach((called) => this.#declareLibrary(called));
    return this.addRaw(name, params, [], assemble(code, this.indexOf, this.relaxed));
  }

  addRaw(name: string, params: readonly "i32"[], results: readonly "i32"[], body: readonly number[]): WasmFunction {
    const fn = this.encoder.declare(name, params, results);
    this.#byName.set(name, fn);
    this.encoder.define(fn, body);
    return fn;
  }

  /** The functions of a kernel's spaces, in order. */
  addKernel(kernel: Kernel, number: number): readonly SpaceCall[] {
    return kernel.stages.flatMap((stage, s) =>
      stage.map((space, i) => {
        const name = `${kernel.name}#${number}.${s}.${i}`;
        const { body, calls, threadScratch } = spaceFunction(kernel, space, this.relaxed);
        this.threadScratch = Math.max(this.threadScratch, threadScratch);
        calls.forEach((called) => this.#declareLibrary(called));
        const params = kernel.buffers.length + 2;
        const fn = this.encoder.declare(name, new Array<"i32">(params).fill("i32"), []);
        this.#byName.set(name, fn);
        const bytes = body(this.indexOf);
        this.encoder.define(fn, bytes);
        return { name, stage: s, params, extent: space.extent, work: kernel.flops + kernel.bytes, size: bytes.length };
      }),
    );
  }

  /** Bodies for the library functions that were called. */
  addLibrary(): void {
    // The set grows while it is walked, by what the functions call in turn.
    for (const name of this.#called) {
      const { body, calls } = libraryFunction(name, this.relaxed);
      calls.forEach((called) => this.#declareLibrary(called));
      this.encoder.define(this.#byName.get(name)!, body(this.indexOf));
    }
  }

  #declareLibrary(name: string): void {
    if (this.#called.has(name)) return;
    this.#called.add(name);
    const { params, result } = libraryFunction(name, this.relaxed);
    this.#byName.set(name, this.encoder.declare(name, params, [result]));
  }

  indexOf = (name: string): number => {
    const fn = this.#byName.get(name);
    if (!fn) throw new InternalError(`wasm: function "${name}" is called but not defined`);
    return fn.index;
  };
}
