// Parameters: the only place that hands out their ids.
import { zeros, type TypedArray } from "./dtype.js";
import type { Parameter } from "./node.js";
import { elementCount } from "./size.js";
import type { ConcreteType } from "./type.js";

let nextId = 0;

/** A new parameter; it starts with zeros where no initial value is given. */
export function makeParameter(name: string, type: ConcreteType, initial?: () => TypedArray): Parameter {
  const start = initial ?? (() => zeros(type.dtype, elementCount(type.shape)));
  return { kind: "parameter", id: nextId++, name, type, initial: start };
}
