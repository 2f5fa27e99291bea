// The cotangent of a strided convolution's input where phases differ in their taps, as those of a 3×3 window of stride 2 do:
// beside each other in one convolution they would all have as many taps as the longest, and nearly half of them be zeros.
// Here every phase is a convolution of its own, with the taps that it has.
import type { WalkAttrs } from "./convolution.js";
import type { Operand } from "./node.js";
import { concat } from "./ops/joining.js";
import { reshape, transpose } from "./ops/movement.js";
import { reverse, slice } from "./ops/slicing.js";
import { convolution } from "./ops/window-products.js";
import { addSizes, floorDivSize, mulSizes, type Size } from "./size.js";

/** So much more work must the zeros be, and so few phases. */
const worthwhile = 1.5;
const mostPhases = 4;

/** One spatial axis: elements `s · q + k` are phase k; it begins at a tap, has so many, and this many zeros before dy. */
interface Axis {
  readonly stride: number;
  readonly phases: readonly { readonly tap: number; readonly taps: number; readonly low: number }[];
}

/** The phases of every axis; null where they had better stand beside each other. */
export function phasesOf(w: Operand, { stride, dilation, low }: WalkAttrs): readonly Axis[] | null {
  const axes = stride.map((s, i): Axis | null => {
    const [taps, before] = [w.type.shape[3 + i]!, low[i]!];
    if (typeof taps !== "number" || typeof before !== "number" || dilation[i] !== 1 || taps < s) return null;
    const phases = Array.from({ length: s }, (_, k) => {
      const tap = (((k + before) % s) + s) % s;
      const own = Math.ceil((taps - tap) / s);
      return { tap, taps: own, low: own - 1 - (k + before - tap) / s };
    });
    return { stride: s, phases };
  });
  if (!axes.every((axis) => axis !== null)) return null;
  const product = (of: (axis: Axis) => number) => axes.reduce((n, axis) => n * of(axis), 1);
  const needed = product(({ phases }) => phases.reduce((n, p) => n + p.taps, 0));
  const beside = product(({ phases }) => phases.length * Math.max(...phases.map((p) => p.taps)));
  return beside > worthwhile * needed && product(({ stride }) => stride) <= mostPhases ? axes : null;
}

/** `dx[n, g, c, i…]` of spatial sizes `size`. */
export function phasesApart(dy: Operand, w: Operand, axes: readonly Axis[], size: readonly Size[]): Operand {
  const [groups, outputs, channels] = w.type.shape as [Size, Size, Size];
  const positions = axes.map(({ stride }, i) => floorDivSize(addSizes(size[i]!, stride - 1), stride));
  const spatial = axes.map((_, i) => 3 + i);
  /** The phases of the axes from `chosen.length` on, put in their places. */
  const from = (chosen: readonly number[]): Operand => {
    const axis = axes[chosen.length];
    if (axis) {
      const parts = axis.phases.map((_, k) => from([...chosen, k]));
      return parts.length === 1 ? parts[0]! : interleaved(parts, 3 + chosen.length);
    }
    const own = chosen.map((k, i) => axes[i]!.phases[k]!);
    const taps = slice(w, [0, 0, 0, ...own.map((p) => p.tap)], [groups, outputs, channels, ...own.map((p) => p.taps)], [1, 1, 1, ...axes.map((a) => a.stride)]); // prettier-ignore
    const window = reverse(transpose(taps, [0, 2, 1, ...spatial]), spatial);
    const walk = { stride: own.map(() => 1), dilation: own.map(() => 1), low: own.map((p) => p.low), size: positions };
    return convolution(dy, window, walk);
  };
  const whole = from([]);
  return slice(whole, whole.type.shape.map(() => 0), [...whole.type.shape.slice(0, 3), ...size]); // prettier-ignore
}

/** `y[…, s · q + k, …]` of `parts[k][…, q, …]`. */
function interleaved(parts: readonly Operand[], axis: number): Operand {
  const { shape } = parts[0]!.type;
  const apart = parts.map((y) => reshape(y, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]));
  return reshape(concat(apart, axis + 1), shape.with(axis, mulSizes(shape[axis]!, parts.length)));
}
