// What is wrong with the numbers that a layer is made with.
import { GraphError, placeError } from "#ir/errors.js";
import { captureStack, userOrigin } from "#ir/origin.js";

/** Throws a GraphError, with the line of the user's call, where an option is not a number in `low ≤ x ≤ high`. */
export function requireBetween(layer: string, option: string, x: number, low: number, high: number): void {
  if (typeof x === "number" && x >= low && x <= high) return;
  const range = high === Infinity ? `a number from ${low} up` : `a number from ${low} to ${high}`;
  const error = new GraphError(`${layer}: ${option} is ${String(x)}, not ${range}`);
  throw placeError(error, "", [], userOrigin(captureStack().stack));
}
