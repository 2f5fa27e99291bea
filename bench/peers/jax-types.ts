// As much of @jax-js/jax as the comparison uses. A function takes its arguments over: `ref` keeps an array for another use.

export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: readonly number[];
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(axis?: number | readonly number[]): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(perm: readonly number[]): JaxArray;
  /** `[]` keeps an axis, `[from, to]` takes a part of it, a number one place of it, without the axis. */
  slice(...axes: readonly (number | readonly number[])[]): JaxArray;
  dataSync(): Float32Array;
  dispose(): void;
}

interface Reduce {
  readonly keepdims?: boolean;
}

export interface Jax {
  init(device: "wasm"): Promise<readonly string[]>;
  defaultDevice(device: "wasm"): string;
  jit<F>(f: F): F;
  valueAndGrad<A extends readonly unknown[]>(f: (...args: A) => JaxArray): (...args: A) => [JaxArray, A[0]];
  readonly numpy: {
    array(data: Float32Array | Int32Array | readonly number[]): JaxArray;
    take(x: JaxArray, ids: JaxArray, axis: number): JaxArray;
    concatenate(parts: readonly JaxArray[], axis: number): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    tanh(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    exp(x: JaxArray): JaxArray;
    max(x: JaxArray, axis?: number | readonly number[]): JaxArray;
    mean(x: JaxArray, axis?: number | readonly number[], options?: Reduce): JaxArray;
    power(x: JaxArray | number, y: JaxArray | number): JaxArray;
  };
  readonly nn: {
    relu(x: JaxArray): JaxArray;
    sigmoid(x: JaxArray): JaxArray;
    softmax(x: JaxArray, axis: number): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
    gelu(x: JaxArray, options: { readonly approximate: boolean }): JaxArray;
  };
  readonly lax: {
    conv(
      x: JaxArray,
      filter: JaxArray,
      strides: readonly number[],
      padding: readonly (readonly [number, number])[],
    ): JaxArray;
    reduceWindow(
      x: JaxArray,
      compute: (window: JaxArray) => JaxArray,
      window: readonly number[],
      strides: readonly number[],
    ): JaxArray;
  };
}
