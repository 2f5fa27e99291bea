// What ops on tensors with channels share: x [batch, channels, …], and vectors with one number per channel.
import { expectDType, expectSameDType } from "./elementwise.js";
import { GraphError, ShapeError } from "./errors.js";
import type { Operand } from "./node.js";
import { broadcast } from "./ops/movement.js";
import { printShape, printSize, sameShape } from "./size.js";
import type { TensorType } from "./type.js";

/** Throws unless `x` is a float tensor with channels on axis 1, and each of `perChannel`, by name, has one number for each. */
export function expectChannels(
  op: string,
  x: TensorType,
  perChannel: Readonly<Record<string, TensorType | undefined>>,
): void {
  expectDType(op, "x", x, "float");
  if (x.shape.length < 2) throw new ShapeError(`x is ${printShape(x.shape)}, not [batch, channels, …]`);
  const channels = x.shape[1]!;
  for (const [name, type] of Object.entries(perChannel)) {
    if (!type) continue;
    expectSameDType("x", x, name, type);
    if (sameShape(type.shape, [channels])) continue;
    throw new ShapeError(`x has ${printSize(channels)} channels but ${name} is ${printShape(type.shape)}`);
  }
}

/** One number per channel, repeated to the shape of `x`. */
export function alongChannels(perChannel: Operand, x: Operand): Operand {
  return broadcast(perChannel, x.type.shape, [1]);
}

/** The operands with an optional scale and bias behind them. Throws GraphError for a bias without a scale. */
export function withAffine(operands: readonly Operand[], scale?: Operand, bias?: Operand): readonly Operand[] {
  if (bias && !scale) throw new GraphError("there is a bias but no scale");
  return [...operands, scale, bias].filter((operand) => operand !== undefined);
}

/** All axes but that of the channels. */
export function axesBesideChannels(x: Operand): readonly number[] {
  return x.type.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}
