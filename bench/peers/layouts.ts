// The same numbers in another order, for libraries that have the channels of images last.

/** `[images, channels, …places]` as `[images, …places, channels]`. */
export function channelsLast(data: Float32Array, shape: readonly number[]): Float32Array {
  const [images, channels, ...sizes] = shape as [number, number, ...number[]];
  const places = sizes.reduce((a, b) => a * b, 1);
  const moved = new Float32Array(data.length);
  for (let i = 0; i < images; i++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < places; p++) moved[(i * places + p) * channels + c] = data[(i * channels + c) * places + p]!;
    }
  }
  return moved;
}

/** The way back. */
export function channelsFirst(data: Float32Array, shape: readonly number[]): Float32Array {
  const [images, channels, ...sizes] = shape as [number, number, ...number[]];
  const places = sizes.reduce((a, b) => a * b, 1);
  return channelsLast(data, [images, places, channels]);
}

/** Filters `[out, in, places]` as `[places, in, out]`. */
export function filtersByPlace(data: Float32Array, out: number, from: number, places: number): Float32Array {
  const moved = new Float32Array(data.length);
  for (let o = 0; o < out; o++) {
    for (let c = 0; c < from; c++) {
      for (let p = 0; p < places; p++) moved[(p * from + c) * out + o] = data[(o * from + c) * places + p]!;
    }
  }
  return moved;
}

/** Rows `[channels, places, width]` as `[places, channels, width]`. */
export function rowsByPlace(data: Float32Array, channels: number, places: number, width: number): Float32Array {
  const moved = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < places; p++) {
      const from = (c * places + p) * width;
      moved.set(data.subarray(from, from + width), (p * channels + c) * width);
    }
  }
  return moved;
}
