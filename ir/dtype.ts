// The element types of tensors and the typed arrays that hold them.

/** Element types. A `bool` is stored as one byte, 0 or 1. */
export type DType = "f32" | "f64" | "i32" | "bool" | "u8";

/** The arrays that hold tensor data on the JavaScript side. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** All dtypes, in the order in which they are listed to users. */
export const dtypes: readonly DType[] = ["f32", "f64", "i32", "bool", "u8"];

const arrays = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  bool: Uint8Array,
  u8: Uint8Array,
} as const;

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT;
}

/** The typed-array constructor for a dtype. */
export function arrayType(dtype: DType) {
  return arrays[dtype];
}

/** A zeroed array of `length` elements. */
export function zeros(dtype: DType, length: number): TypedArray {
  return new arrays[dtype](length);
}

/** A typed array of the dtype holding `values`, rounded, wrapped or made 0/1 as the dtype demands. */
export function arrayOf(dtype: DType, values: ArrayLike<number | boolean>): TypedArray {
  const out = zeros(dtype, values.length);
  for (let i = 0; i < values.length; i++) out[i] = toDType(dtype, Number(values[i]));
  return out;
}

/** A view of `length` elements of `buffer`, starting at byte `address`. */
export function viewOf(dtype: DType, buffer: ArrayBufferLike, address: number, length: number): TypedArray {
  const Class = arrays[dtype] as new (buffer: ArrayBufferLike, address: number, length: number) => TypedArray;
  return new Class(buffer, address, length);
}

/** The elements in an array of their own. By its constructor, which, unlike `slice`, does not clear the array first. */
export function copyOf(data: TypedArray): TypedArray {
  const Class = data.constructor as new (elements: TypedArray) => TypedArray;
  return new Class(data);
}

/** The nearest value that the dtype can hold: f32 rounds, i32 and u8 truncate and wrap, bool is 0 or 1. */
export function toDType(dtype: DType, value: number): number {
  switch (dtype) {
    case "f32":
      return Math.fround(value);
    case "f64":
      return value;
    case "i32":
      return value | 0;
    case "u8":
      return value & 255;
    case "bool":
      return value !== 0 ? 1 : 0;
  }
}

/** Whether the dtype has fractions, infinities and gradients. */
export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f64";
}

/** Whether `name` names a dtype. */
export function isDType(name: string): name is DType {
  return (dtypes as readonly string[]).includes(name);
}
