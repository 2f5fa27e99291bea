// Random plans with loops and branches in one another. All vectors lie in one buffer, of which launches see parts that move with
// the loops around them and with some that have ended; three numbers say how often loops run.
import { add, call, indexLocal, literal, load, mul } from "#ir/expr.js";
import type { Expr } from "#ir/expr.js";
import type { DType } from "#ir/dtype.js";
import type { Kernel } from "#ir/kernel.js";
import type { Plan, Slice } from "#ir/plan.js";
import { integer } from "../random.js";
import { PlanBuilder } from "./plan-builder.js";

/** Elements of a slot, and slots of the buffer that all vectors lie in. */
const n = 21;
const slots = 4;
export const elements = n * slots;

/** `y[i] = value(x0[i], x1[i], …)`; those with little to do are left to one thread. */
function kernel(
  extent: number,
  from: readonly DType[],
  to: DType,
  value: (...from: Expr[]) => Expr,
  flops = 1e6,
): Kernel {
  const p = indexLocal("p", extent);
  const reads = from.map((dtype, i) => ({ name: `x${i}`, dtype, length: extent, access: "read" as const }));
  const loads = reads.map((b) => load(b.name, p, b.dtype));
  return {
    name: "k",
    buffers: [...reads, { name: "y", dtype: to, length: extent, access: "write" }],
    stages: [[{ over: p, extent, body: [{ kind: "store", buffer: "y", offset: p, value: value(...loads) }] }]],
    ...{ flops, bytes: 0, ops: [], nodes: [] },
  };
}
const half = literal(0.5, "f32");
const folds = [1e6, 0].map((flops) => kernel(n, ["f32", "f32"], "f32", (c, x) => add(mul(c!, half), x!), flops));
const next = kernel(1, ["i32"], "i32", (k) => call("minimum", add(k!, literal(1)), literal(1000)));
const double = kernel(1, ["i32"], "i32", (k) => call("floorMod", mul(k!, literal(2)), literal(17)));
const less = kernel(1, ["i32", "i32"], "bool", (a, b) => call("lt", a!, b!));
const copy = kernel(1, ["i32"], "i32", (k) => k!);
const isSmall = kernel(1, ["f32"], "bool", (x) => call("lt", x!, literal(0.3, "f32")));

/** A plan that reads and writes buffers 0 (`elements` numbers), and 1 to 3 (one integer each). */
export function randomPlan(random: () => number): Plan {
  const pick = (low: number, high: number): number => integer(random, low, high);
  const b = new PlanBuilder();
  const grid = b.feed("grid", "f32", n * slots);
  const counts = Array.from({ length: 3 }, (_, i) => b.feed(`count${i}`, "i32", 1));
  /** Loops that a launch here may speak of. */
  let loops: readonly { readonly region: number; readonly inside: boolean; readonly times: boolean }[] = [];
  const slice = (): Slice => {
    const terms = loops.slice(-3).flatMap(({ region, inside, times }) => {
      if (pick(0, 2) === 0) return [];
      return [{ region, step: n, plus: pick(0, 3), wrap: 2, backwards: inside && times && pick(0, 2) === 0 }];
    });
    return { start: n * pick(0, slots - 1 - terms.length), terms };
  };
  const vector = (): void => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const [x, y, z] = [slice(), slice(), slice()];
      if (![x, y].every((s) => s.start >= z.start + n * (1 + z.terms.length) || s.start + n * (1 + s.terms.length) <= z.start)) continue; // prettier-ignore
      return b.launch(folds[pick(0, 3) === 0 ? 1 : 0]!, [grid, x], [grid, y], [grid, z]);
    }
    set(double, count());
  };
  const count = (): number => counts[pick(0, counts.length - 1)]!;
  const within = (region: number, times: boolean, depth: number, body: () => void = () => block(depth)): void => {
    const outer = loops;
    loops = [...outer, { region, inside: true, times }];
    body();
    loops = [...outer, { region, inside: false, times }];
  };
  const fresh = (dtype: DType): number => b.scratch("t", dtype, 1);
  const set = (kernel: Kernel, target: number): void => {
    const t = fresh("i32");
    b.launch(kernel, target, t);
    b.launch(copy, t, target);
  };
  const block = (depth: number): void => {
    for (let left = pick(1, 4); left > 0; left--) {
      const kind = depth === 0 ? pick(0, 2) : pick(0, 6);
      if (kind <= 1) vector();
      else if (kind === 2) set(double, count());
      else if (kind === 3) b.loop(pick(1, 3), (r) => within(r, true, depth - 1));
      else if (kind === 4) b.loop({ buffer: count(), most: pick(0, 3) }, (r) => within(r, true, depth - 1));
      else if (kind === 5) {
        const on = fresh("bool");
        if (pick(0, 1) === 0) b.launch(isSmall, [grid, slice()], on);
        else b.launch(less, count(), count(), on);
        const outer = loops;
        const both = pick(0, 1) === 0;
        b.branch(on, true, () => block(depth - 1));
        loops = outer;
        if (both) b.branch(on, false, () => block(depth - 1));
        loops = outer;
      } else {
        const [k, end, go] = [fresh("i32"), fresh("i32"), fresh("bool")];
        b.launch(
          kernel(1, [], "i32", () => literal(0)),
          k,
        );
        b.launch(
          kernel(1, [], "i32", () => literal(pick(0, 3))),
          end,
        );
        let index = 0;
        const outer = loops;
        b.while((r) => { within((index = r), false, 0, vector); b.launch(less, k, end, go); }, go, 5, () => { within(index, false, depth - 1); set(next, k); }); // prettier-ignore
        loops = [...outer, { region: index, inside: false, times: false }];
      }
    }
  };
  block(3);
  vector();
  return b.plan();
}
