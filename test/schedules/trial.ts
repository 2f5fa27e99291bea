// A trial of a schedule: a graph, what is fed to it, and what must come out, from plain loops in double precision.
import type { DType, TypedArray } from "#ir/dtype.js";
import { arrayOf } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Parameter } from "#ir/node.js";
import { compileGraph, type CompileOptions } from "#passes/compile.js";
import type { Backend } from "#runtime/backend.js";
import { Device } from "#runtime/device.js";
import { difference } from "../compare.js";
import type { Measured } from "../magnitudes.js";
import { integer } from "../random.js";

/** An output in double precision, and S beside it. */
export interface Truth extends Measured {
  readonly dtype: DType;
}

export interface Trial {
  /** The shapes and everything else that was drawn. */
  readonly title: string;
  readonly graph: Graph;
  /** `feeds[i]` is the graph's input i. */
  readonly feeds: readonly TypedArray[];
  /** By the names of outputs and of updated parameters. */
  readonly expected: ReadonlyMap<string, Truth>;
}

/** |a − b| ≤ k·ε·S. */
const k = 16;
/** Memory that is filled with NaN before every trial, so that nobody reads what nobody wrote. */
const poisoned = 4 * 2 ** 20;

let shared: Device | null = null;

/** What is wrong with a trial on a backend, in one line, or null. It runs twice: the bits must be the same. */
export function complaintAbout(trial: Trial, backend: Backend, options: CompileOptions = {}): string | null {
  const device = (shared ??= new Device());
  const { graph, feeds } = trial;
  const block = device.allocate(poisoned);
  device.memory.u8.fill(255, block, block + poisoned);
  device.free(block);
  const plan = compileGraph(graph, options);
  const program = backend.prepare(plan, device);
  const parameters = graph.parameters.map((n) => n.attrs.parameter as Parameter);
  const run = () => {
    program.buffers.locate();
    const { scratch, scratchBytes } = program.buffers;
    device.memory.u8.fill(255, scratch, scratch + scratchBytes);
    plan.feeds.forEach(({ buffer }, i) => {
      if (buffer !== null) program.buffers.view(buffer).set(feeds[i]!);
    });
    program.run();
    const outputs = plan.outputs.map(({ name, buffer }) => [name, program.buffers.view(buffer).slice()] as const);
    const state = parameters.map(({ name, type }, i) => {
      const count = type.shape.reduce((a, b) => a * b, 1);
      return [name, device.view(type.dtype, device.address(parameters[i]!), count).slice()] as const;
    });
    return new Map<string, TypedArray>([...outputs, ...state]);
  };
  try {
    const results = run();
    const again = parameters.length === 0 ? run() : results;
    for (const [name, { value, scale, dtype }] of trial.expected) {
      const wrong = difference(results.get(name)!, value, { dtype, k, scale });
      if (wrong) return `${name}: ${wrong}`;
      const other = difference(again.get(name)!, results.get(name)!, { dtype, k: 0 });
      if (other) return `${name}: the second run differs: ${other}`;
    }
    return null;
  } catch (error) {
    shared = null;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    program.dispose();
    for (const p of parameters) device.release(p);
  }
}

export type Next = () => number;

/** One of a list. */
export function pick<T>(next: Next, list: readonly T[]): T {
  return list[integer(next, 0, list.length - 1)]!;
}

/** Random elements: numbers of the dtype between −1 and 1, or small integers. */
export function numbers(next: Next, dtype: DType, count: number): TypedArray {
  const draw = () => (dtype === "i32" ? integer(next, -4, 4) : Math.fround(next() * 2 - 1));
  return arrayOf(dtype, Array.from({ length: count }, draw));
}

/** Zeros to add to. */
export function empty(count: number): Measured {
  return { value: new Float64Array(count), scale: new Float64Array(count) };
}

/** `f` of every element and its S. */
export function mapped(
  x: Measured,
  f: (value: number, scale: number, i: number) => readonly [number, number],
): Measured {
  const out = empty(x.value.length);
  x.value.forEach((v, i) => {
    [out.value[i], out.scale[i]] = f(v, x.scale[i]!, i);
  });
  return out;
}
