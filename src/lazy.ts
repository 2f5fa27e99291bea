// Values that are made when they are needed.
import type { Lazy } from "./define-model.js";

/** The value. */
export function force<T>(lazy: Lazy<T>): T {
  return typeof lazy === "function" ? (lazy as () => T)() : lazy;
}
