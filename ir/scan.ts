// What the scans share: a running value along one axis. Lines along the last axis run by themselves, one value after the
// other; along any other axis, neighbouring lines run side by side, so that memory is walked in order.
import type { DType } from "./dtype.js";
import { expectDType } from "./elementwise.js";
import * as e from "./expr.js";
import { normalizeAxis } from "./forms.js";
import type { Operand } from "./node.js";
import type { Index, Lowering, RoutineReader } from "./op.js";
import { lanes, loop, set, variable } from "./statements.js";
import { slice } from "./ops/slicing.js";
import { pad } from "./ops/padding.js";
import type { TensorType } from "./type.js";

/** Along `axis`, from its end where `reverse` says so; `exclusive`: every result leaves its own element out. */
export type ScanAttrs = { axis: number; reverse: boolean; exclusive: boolean };
/** Which way a scan runs, and whether every result leaves its own element out. */
export interface ScanOptions {
  readonly reverse?: boolean;
  readonly exclusive?: boolean;
}

/** The attributes of a call. */
export function scanAttrs(x: Operand, axis: number, { reverse = false, exclusive = false }: ScanOptions): ScanAttrs {
  return { axis: normalizeAxis(axis, x.type), reverse, exclusive };
}

/** Throws DTypeError but for floats and i32, ShapeError for an axis that is none. */
export function expectScannable(op: string, operand: string, x: TensorType, axis: number): void {
  expectDType(op, operand, x, "signed");
  normalizeAxis(axis, x);
}

/** `y₀ = first` and `yᵢ = next(yᵢ₋₁)`; `read` gives operands at the place of `yᵢ`, or at the one before where it is exclusive. */
export interface Recurrence {
  readonly first: (read: (operand: number) => e.Expr, dtype: DType) => e.Expr;
  /** The first result where it is exclusive. */
  readonly identity: number;
  readonly next: (before: e.Expr, read: (operand: number) => e.Expr) => e.Expr;
}

/** Lines that one row takes side by side. */
const width = 256;

/** The lowering of a recurrence. */
export function scanning({ first, identity, next }: Recurrence): Lowering<ScanAttrs> {
  const start = (k: RoutineReader<ScanAttrs>, at: (i: e.Expr) => Index): e.Expr => {
    const { dtype } = k.results[0]!;
    if (k.attrs.exclusive) return e.literal(identity, dtype);
    return first((operand) => k.read(operand, at(e.literal(0))), dtype);
  };
  const step = (k: RoutineReader<ScanAttrs>, before: e.Expr, at: (i: e.Expr) => Index, i: e.Expr): e.Expr => {
    return next(before, (operand) => k.read(operand, at(k.attrs.exclusive ? i : e.add(i, e.literal(1)))));
  };
  return {
    kind: "routine",
    over: ({ attrs, results: [y] }) => {
      const others = y!.shape.filter((_, axis) => axis !== attrs.axis);
      return sideBySide(y!.shape, attrs.axis) ? [...others.slice(0, -1), Math.ceil(others.at(-1)! / width)] : others;
    },
    body: (row, k) => {
      const { axis, reverse } = k.attrs;
      const { shape } = k.results[0]!;
      const steps = shape[axis]! - 1;
      const place = (i: e.Expr): e.Expr => (reverse ? e.sub(e.literal(steps), i) : i);
      const following = (i: e.Expr): e.Expr => e.add(i, e.literal(1));
      if (!sideBySide(shape, axis)) {
        const at = (i: e.Expr): Index => row.toSpliced(axis, 0, place(i));
        const y = variable(k, "y", start(k, at));
        return [
          y.declare,
          k.store(at(e.literal(0)), y.local),
          loop(k, steps, (i) => [set(y.local, step(k, y.local, at, i)), k.store(at(following(i)), y.local)]),
        ];
      }
      const last = shape.at(-1)!;
      const block = e.mul(row.at(-1)!, e.literal(width));
      const extent = last % width === 0 ? e.literal(width) : last < width ? e.literal(last) : e.call("minimum", e.literal(width), e.sub(e.literal(last), block)); // prettier-ignore
      const across = (put: (at: (i: e.Expr) => Index) => ReturnType<typeof k.store>) =>
        lanes(k, extent, Math.min(width, last), (lane) => [
          put((i) => [...row.slice(0, -1).toSpliced(axis, 0, place(i)), e.add(block, lane)]),
        ]);
      return [
        across((at) => k.store(at(e.literal(0)), start(k, at))),
        loop(k, steps, (i) => [across((at) => k.store(at(following(i)), step(k, k.stored(at(i)), at, i)))]),
      ];
    },
  };
}

/** Whether the lines lie across the last axis, and are more than one. */
function sideBySide(shape: readonly number[], axis: number): boolean {
  return axis < shape.length - 1 && shape.at(-1)! > 1;
}

/** `x` one place further from the end that a scan starts at, 0 in the first place; the last element falls out. */
export function delayed(x: Operand, axis: number, reverse: boolean): Operand {
  const { shape } = x.type;
  const one = shape.map((_, a) => (a === axis ? 1 : 0));
  const none = shape.map(() => 0);
  return reverse ? slice(pad(x, none, one), one, shape) : slice(pad(x, one, none), none, shape);
}
