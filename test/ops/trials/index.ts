// All random calls that are compared with TensorFlow.js.
import { basic } from "./basic.js";
import { losses } from "./losses.js";
import { normalization } from "./normalization.js";
import { ordering } from "./ordering.js";
import { shapes } from "./shapes.js";
import { convolutions } from "./convolutions.js";
import type { Trials } from "./trial.js";

/** For each op that TensorFlow.js has: a random call. */
export const trials: Trials = { ...basic, ...losses, ...normalization, ...ordering, ...shapes, ...convolutions };
