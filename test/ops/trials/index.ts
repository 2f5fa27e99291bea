// All random calls that are compared with TensorFlow.js.
import { basic } from "./basic.js";
import type { Trials } from "./trial.js";

/** For each op that TensorFlow.js has: a random call. */
export const trials: Trials = { ...basic };
