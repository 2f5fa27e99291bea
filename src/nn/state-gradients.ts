// How far gradients reach back along a sequence: who forgets, who explodes.
import { atUserLine } from "#ir/origin.js";
import { grad } from "../gradients.js";
import type { Tensor } from "../tensor.js";
import { tensorsIn, type TensorTree } from "../tensor-trees.js";

/**
 * The norm of the gradient of `loss` by the state after each step, over all examples and units: `[time]`. `nudges` is what a
 * recurrent layer made for the call that the loss comes from: `layer(x, { nudge: nudges })`.
 */
export function stateGradientNorms(loss: Tensor, nudges: TensorTree): Tensor {
  return atUserLine(() => {
    const found = grad(loss, tensorsIn(nudges, "nudges"));
    const squares = found.map((g: Tensor): Tensor => g.mul(g).sum([0, 2]));
    return squares.reduce((sum: Tensor, x: Tensor): Tensor => sum.add(x)).sqrt();
  }, "stateGradientNorms");
}
