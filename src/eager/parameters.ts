// Writing parameters in place. All values of one assignment are taken before any is written, so parameters can be swapped.
import type { TypedArray } from "#ir/dtype.js";
import { DTypeError, ShapeError } from "#ir/errors.js";
import type { Parameter } from "#ir/node.js";
import { sameType, printType } from "#ir/type.js";
import type { EagerTensor } from "./eager-tensor.js";
import { markChanged } from "./storage.js";

/**
 * Gives each parameter (by the tensor that stands for it) its new value. Throws ShapeError or DTypeError where types
 * differ, before anything is written. Views of the old values become unusable.
 */
export function assignTo(pairs: readonly (readonly [target: EagerTensor, value: EagerTensor])[]): void {
  for (const [target, value] of pairs) check(target, value);
  const written = new Set(pairs.map(([target]) => target.storage));
  const taken = pairs.map(([target, value]) => {
    // What lies in memory that this assignment writes, or is strided, must be copied out first.
    const settled = value.layout.contiguous && (value === target || !written.has(value.storage));
    return settled ? contents(value) : value.data();
  });
  pairs.forEach(([target], i) => contents(target).set(taken[i]!));
  for (const [target] of pairs) markChanged(target.storage!);
}

/** Gives a parameter the numbers of an array in row-major order. Throws ShapeError where their count differs. */
export function writeTo(target: EagerTensor, data: ArrayLike<number>): void {
  if (data.length !== target.layout.count) {
    const name = (target.parameter as Parameter).name;
    throw new ShapeError(
      `assign: parameter ${name} is ${printType(target.type)}, but ${data.length} numbers are given`,
    );
  }
  contents(target).set(data);
  markChanged(target.storage!);
}

function check(target: EagerTensor, value: EagerTensor): void {
  if (!value.usable) throw value.misuse("assign: the value ");
  if (sameType(target.type, value.type)) return;
  const name = (target.parameter as Parameter).name;
  const what = `assign: parameter ${name} is ${printType(target.type)}, but the value is ${printType(value.type)}`;
  throw target.type.dtype === value.type.dtype ? new ShapeError(what) : new DTypeError(what);
}

/** The elements of a contiguous tensor, in place. */
function contents(tensor: EagerTensor): TypedArray {
  return tensor.owner.view(tensor.type.dtype, tensor.address, tensor.layout.count);
}
