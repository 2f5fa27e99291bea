// How many threads there can be, and how many were asked for.
import { GraphError } from "#ir/errors.js";
import { maxThreads } from "./control.js";

/** More threads than this are used only where they are asked for. */
const sensible = 8;

/** As many as there are cores, within reason. */
export function coreCount(): number {
  const os = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:os");
  const cores = os ? os.availableParallelism() : typeof navigator === "undefined" ? 1 : navigator.hardwareConcurrency;
  return Math.max(1, Math.min(sensible, cores || 1));
}

/** Throws a GraphError where it is no number of threads. */
export function checkThreads(threads: unknown): void {
  if (threads === undefined) return;
  if (Number.isInteger(threads) && (threads as number) >= 1 && (threads as number) <= maxThreads) return;
  throw new GraphError(`compile: threads is a whole number from 1 to ${maxThreads}, not ${String(threads)}`);
}
