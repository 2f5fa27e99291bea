// Arrays that hold one number everywhere.
import { arrayType, itemSize, toDType, type TypedArray } from "#ir/dtype.js";
import { MemoryError } from "#ir/errors.js";
import { elementCount } from "#ir/size.js";
import { type ConcreteType, printType } from "#ir/type.js";
import { inUnits } from "#runtime/device.js";

/** The elements of a tensor that is `value` everywhere, as its dtype holds it. Throws a MemoryError before making 4 GiB. */
export function filled(type: ConcreteType, value: number): TypedArray {
  const count = elementCount(type.shape);
  const bytes = count * itemSize(type.dtype);
  if (bytes >= 2 ** 32) {
    throw new MemoryError(`${printType(type)} would take ${inUnits(bytes)}, and no device has more than 4 GiB`);
  }
  return new (arrayType(type.dtype))(count).fill(toDType(type.dtype, value));
}
