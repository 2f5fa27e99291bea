// The two cotangents of a convolution as convolutions themselves: what changes is only which axes play which part.
import type { Operand } from "./node.js";
import { reshape, transpose } from "./ops/movement.js";
import { pad } from "./ops/padding.js";
import { reverse, slice } from "./ops/slicing.js";
import { convolution } from "./ops/window-products.js";
import { phasesApart, phasesOf } from "./separate-phases.js";
import { addSizes, floorDivSize, mulSizes, type Size, subSizes } from "./size.js";

/**
 * How a convolution walks: result position p and tap t meet at element `p · stride + t · dilation − low`; `size` are the
 * spatial sizes of the result.
 */
export type WalkAttrs = {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly Size[];
  readonly size: readonly Size[];
};

/**
 * `dw[g, o, c, t] = Σ dy[n, g, o, p] · x[n, g, c, p · stride + t · dilation − low]`: a convolution in which channels are
 * the batch, the batch is summed, and stride and dilation change places. `size` are the sizes of the window.
 */
export function weightCotangent(x: Operand, dy: Operand, { stride, dilation, low, size }: WalkAttrs): Operand {
  const walk = { stride: dilation, dilation: stride, low, size };
  return leading(convolution(leading(x, [2, 1, 0]), leading(dy, [1, 2, 0]), walk), [1, 2, 0]);
}

/** The first three axes in another order. */
function leading(x: Operand, order: readonly number[]): Operand {
  return transpose(x, [...order, ...spatialAxes(x)]);
}

function spatialAxes(x: Operand): readonly number[] {
  return [...x.type.shape.keys()].slice(3);
}

/** One spatial axis of `inputCotangent`: element `s · q + r − start` gets tap `s · j + r` of position `q − j`. */
interface Phases {
  readonly stride: number;
  readonly count: Size;
  readonly taps: Size;
  readonly step: number;
  readonly start: Size;
  readonly low: Size;
  readonly size: Size;
}

/**
 * `dx[n, g, c, i] = Σ dy[n, g, o, p] · w[g, o, c, t]` over all p and t with `p · stride + t · dilation − low = i`; `size`
 * are the sizes of x. The elements of a stride fall into as many phases, each with taps of its own; phases stand beside
 * the channels in one convolution of stride 1 with the window turned round, and no element asks what divides what. Where most of them would then be padded with zeros, phases are convolutions of their own.
 */
export function inputCotangent(dy: Operand, w: Operand, { stride, dilation, low, size }: WalkAttrs): Operand {
  const apart = phasesOf(w, { stride, dilation, low, size });
  if (apart) return phasesApart(dy, w, apart, size);
  let window = w;
  const phases = stride.map((s, i): Phases => {
    const d = dilation[i]!;
    if (s > 1 && d > 1) window = dilated(window, 3 + i, d);
    const taps = window.type.shape[3 + i]!;
    if (s === 1) {
      const turned = subSizes(mulSizes(subSizes(taps, 1), d), low[i]!);
      return { stride: 1, count: 1, taps, step: d, start: 0, low: turned, size: size[i]! };
    }
    const first = floorDivSize(low[i]!, s);
    const start = subSizes(low[i]!, mulSizes(first, s));
    const few = typeof taps === "number" && taps < s;
    const perPhase = few ? 1 : floorDivSize(addSizes(taps, s - 1), s);
    const positions = floorDivSize(addSizes(size[i]!, start, s - 1), s);
    const before = subSizes(subSizes(perPhase, 1), first);
    return { stride: s, count: few ? taps : s, taps: perPhase, step: 1, start, low: before, size: positions };
  });
  const walk = {
    stride: stride.map(() => 1),
    dilation: phases.map((p) => p.step),
    low: phases.map((p) => p.low),
    size: phases.map((p) => p.size),
  };
  const dx = convolution(dy, phasesBesideChannels(window, phases), walk);
  return phases.every((p) => p.stride === 1) ? dx : phasesInPlace(dx, w.type.shape[2]!, phases, size);
}

/** `[g, o, c, t…]` as `[g, (c, r…), o, j…]`, where t = j · s + r, and j is turned round. */
function phasesBesideChannels(w: Operand, phases: readonly Phases[]): Operand {
  const [groups, outputs, channels] = w.type.shape as [Size, Size, Size];
  const missing = phases.map((p, i) => subSizes(mulSizes(p.taps, p.count), w.type.shape[3 + i]!));
  const whole = missing.every((n) => n === 0) ? w : pad(w, [0, 0, 0, ...missing.map(() => 0)], [0, 0, 0, ...missing]);
  const split = reshape(whole, [groups, outputs, channels, ...phases.flatMap((p) => [p.taps, p.count])]);
  const [taps, counts] = [phases.map((_, i) => 3 + 2 * i), phases.map((_, i) => 4 + 2 * i)];
  const beside = transpose(split, [0, 2, ...counts, 1, ...taps]);
  const rows = mulSizes(channels, ...phases.map((p) => p.count));
  const joined = reshape(beside, [groups, rows, outputs, ...phases.map((p) => p.taps)]);
  return reverse(joined, spatialAxes(joined));
}

/** `[n, g, (c, r…), q…]` as `[n, g, c, i…]`, where i = s · q + r − start. */
function phasesInPlace(dx: Operand, channels: Size, phases: readonly Phases[], size: readonly Size[]): Operand {
  const lead = [...dx.type.shape.slice(0, 2), channels];
  const split = reshape(dx, [...lead, ...phases.map((p) => p.count), ...phases.map((p) => p.size)]);
  const pairs = phases.flatMap((_, i) => [3 + phases.length + i, 3 + i]);
  const side = transpose(split, [0, 1, 2, ...pairs]);
  const missing = [0, 0, 0, ...phases.flatMap((p) => [0, subSizes(p.stride, p.count)])];
  const whole = missing.every((n) => n === 0) ? side : pad(side, missing.map(() => 0), missing); // prettier-ignore
  const merged = reshape(whole, [...lead, ...phases.map((p) => mulSizes(p.size, p.stride))]);
  return slice(merged, [0, 0, 0, ...phases.map((p) => p.start)], [...lead, ...size]);
}

/** An axis with `by − 1` zeros between neighbours. */
function dilated(x: Operand, axis: number, by: number): Operand {
  const { shape } = x.type;
  const none = shape.map(() => 0);
  const spaced = pad(reshape(x, shape.toSpliced(axis + 1, 0, 1)), [...none, 0], [...none, 0].with(axis + 1, by - 1));
  const all = reshape(spaced, shape.with(axis, mulSizes(shape[axis]!, by)));
  return slice(all, none, shape.with(axis, subSizes(mulSizes(shape[axis]!, by), by - 1)));
}
