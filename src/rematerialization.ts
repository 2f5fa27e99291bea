// What `compile` is told about recomputing, with budgets as people write them.
import { GraphError } from "#ir/errors.js";
import type { RecomputeMethod, RematerializeOptions } from "#passes/rematerialize.js";

/** How much memory to trade for computing values of the forward part again. */
export interface Rematerialization {
  /**
   * The most that the feeds, outputs and everything between may take, parameters not counted: bytes, or text such as
   * `"64 MiB"`. The executable computes as little again as the budget allows.
   */
  readonly budget?: number | string;
  /** `segments` computes the forward part again piece by piece, `min-cut` only what is cheap. */
  readonly method?: RecomputeMethod;
}

/** What the pass is told; null where nothing is asked for. Throws a GraphError where a budget or method is not understood. */
export function rematerializeOptions(asked: boolean | Rematerialization | undefined): RematerializeOptions | null {
  if (asked === undefined || asked === false) return null;
  if (asked === true) return {};
  const { budget, method } = asked;
  if (method !== undefined && method !== "segments" && method !== "min-cut") {
    throw new GraphError(`compile: rematerialize: the method is "${String(method)}", not "segments" or "min-cut"`);
  }
  return { ...(method ? { method } : {}), ...(budget === undefined ? {} : { budget: bytesIn(budget) }) };
}

const units: Readonly<Record<string, number>> = { "": 1, bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function bytesIn(budget: number | string): number {
  const [, amount, unit = ""] = /^([\d.]+) *([A-Za-z]*)$/.exec(String(budget)) ?? [];
  const bytes = Number(amount) * (units[unit] ?? NaN);
  if (bytes > 0 && bytes < Infinity) return bytes;
  throw new GraphError(
    `compile: rematerialize: the budget ${JSON.stringify(budget)} is no number of bytes, KiB, MiB or GiB`,
    { help: '"64 MiB", for example' },
  );
}
