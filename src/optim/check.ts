// What is wrong with the options of an optimiser or a schedule.
import { isFloat } from "#ir/dtype.js";
import { GraphError, placeError } from "#ir/errors.js";
import { captureStack, userOrigin } from "#ir/origin.js";
import { printType } from "#ir/type.js";
import { Tensor } from "../tensor.js";
import type { Rate } from "./rule.js";

/** A GraphError with the line of the user's call. */
export function mistake(what: string): GraphError {
  return placeError(new GraphError(what), "", [], userOrigin(captureStack().stack));
}

/** Throws a GraphError where options are no record, such as a rate alone, or have names that are none of `known`. */
export function requireKnown(who: string, options: object, known: readonly string[]): void {
  const given = options as unknown;
  if (typeof given !== "object" || given === null || given instanceof Tensor) {
    throw mistake(`${who}: it takes options such as { ${known[0]!}: … }, not ${String(given)}`);
  }
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const what = unknown.length === 1 ? "it has no option" : "it has no options";
  throw mistake(`${who}: ${what} ${unknown.join(", ")}; there are ${known.join(", ")}`);
}

/** Throws a GraphError where a number is not in `low ≤ x < high`. */
export function requireWithin(who: string, name: string, x: number, low: number, high: number): void {
  if (typeof x === "number" && x >= low && x < high) return;
  const range = high === Infinity ? `a number from ${low} up` : `in ${low} ≤ ${name} < ${high}`;
  throw mistake(`${who}: ${name} is ${String(x)}, not ${range}`);
}

/** Throws a GraphError where a number is not finite and above 0. */
export function requirePositive(who: string, name: string, x: number): void {
  if (typeof x === "number" && x > 0 && x < Infinity) return;
  throw mistake(`${who}: ${name} is ${String(x)}, not a number above 0`);
}

/** Throws a GraphError where a number is not a whole one from 1 up. */
export function requireCount(who: string, name: string, x: number): void {
  if (Number.isInteger(x) && x >= 1) return;
  throw mistake(`${who}: ${name} is ${String(x)}, not a whole number from 1 up`);
}

/** Throws a GraphError where a rate is negative, not finite, or no float scalar. */
export function requireRate(who: string, lr: Rate): void {
  if (typeof lr === "function") return;
  if (!(lr instanceof Tensor)) return requireWithin(who, "lr", lr, 0, Infinity);
  if (lr.rank === 0 && isFloat(lr.dtype)) return;
  throw mistake(`${who}: lr is ${printType(lr.type)}, not a float scalar`);
}
