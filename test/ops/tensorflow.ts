// TensorFlow.js on its plain cpu backend, with gradients. The build for Node leaves the gradients out; its source has
// them, as ES modules that Node cannot load by itself, so tsx loads them. Both share one global registry.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { require } from "tsx/cjs/api";

/** Call once before the first gradient; takes some seconds. */
export async function prepareTensorFlow(): Promise<void> {
  // Otherwise it advertises itself on every run.
  tf.env().set("IS_TEST", true);
  require("@tensorflow/tfjs-core/dist/register_all_gradients.js", import.meta.url);
  await tf.setBackend("cpu");
}

/** The gradients of `Σ f(xs) · weights`. */
export function gradientsOf(
  f: (...xs: readonly tf.Tensor[]) => tf.Tensor,
  xs: readonly tf.Tensor[],
  weights: tf.Tensor,
): readonly tf.Tensor[] {
  return tf.grads((...inputs: tf.Tensor[]) => tf.sum(tf.mul(f(...inputs), weights)))([...xs]);
}
