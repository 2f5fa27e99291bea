// A stable merge sort as statements of a routine: runs of 1, 2, 4 … elements are merged between the halves of scratch
// memory. O(n log n) whatever the data; merging chooses by `select`, without branches.
import { type DType, isFloat } from "./dtype.js";
import * as e from "./expr.js";
import type { Stmt } from "./kernel.js";
import type { RoutineReader } from "./op.js";
import type { Attrs } from "./node.js";
import { boundedLoop, get, index, loop, put, set, variable } from "./statements.js";

/** Whether `a` stands before `b`: smaller, or larger where `descending`; NaN stands behind every number in both orders. */
function before(a: e.Expr, b: e.Expr, descending: boolean): e.Expr {
  const ordered = descending ? e.call("gt", a, b) : e.call("lt", a, b);
  if (!isFloat(a.dtype)) return ordered;
  return e.call("or", ordered, e.call("and", e.call("eq", a, a), e.call("ne", b, b)));
}

const least = (a: e.Expr, b: e.Expr): e.Expr => e.call("minimum", a, b);

/**
 * Sorts `key(0)` to `key(n − 1)`, and gives `store` the original place of each, from the first to the last. Equal keys
 * stay in the order in which they were.
 */
export function mergeSort(
  k: RoutineReader<Attrs>,
  n: number,
  dtype: DType,
  descending: boolean,
  key: (i: e.Expr) => e.Expr,
  store: (i: e.Expr, place: e.Expr) => Stmt,
): readonly Stmt[] {
  const [keys, places] = [k.scratch(dtype, 2 * n), k.scratch("i32", 2 * n)];
  const passes = Math.ceil(Math.log2(n));
  const size = e.literal(n);
  const width = variable(k, "width", e.literal(1));
  const runs = variable(k, "runs", size);
  // Where the half that holds the runs starts: 0 or n.
  const from = variable(k, "from", e.literal(0));

  const merge = (run: e.Expr): readonly Stmt[] => {
    const start = index(k, e.mul(e.mul(run, e.literal(2)), width.local), n);
    const middle = index(k, least(e.add(start.local, width.local), size), n + 1);
    const end = index(k, least(e.add(middle.local, width.local), size), n + 1);
    const left = variable(k, "left", start.local);
    const right = variable(k, "right", middle.local);
    const to = e.sub(size, from.local);
    const inside = (i: e.Expr): e.Expr => e.add(from.local, least(i, e.literal(n - 1)));
    const take = (out: e.Expr): readonly Stmt[] => {
      const [x, y] = [left.local, right.local].map((i) => variable(k, "key", get(keys.name, inside(i), dtype)));
      const onlyRight = e.call("ge", left.local, middle.local);
      const rightFirst = e.and(e.lt(right.local, end.local), before(y!.local, x!.local, descending));
      const second = variable(k, "second", e.call("or", onlyRight, rightFirst));
      const step = variable(k, "step", e.cast(second.local, "i32"));
      // Chosen among indices: a `select` of floats may become a branch, which no processor can predict here.
      const chosen = index(k, inside(e.select(second.local, right.local, left.local)), 2 * n);
      const place = e.add(to, out);
      return [
        x!.declare,
        y!.declare,
        second.declare,
        step.declare,
        chosen.declare,
        put(keys.name, place, get(keys.name, chosen.local, dtype)),
        put(places.name, place, get(places.name, chosen.local, "i32")),
        set(left.local, e.add(left.local, e.sub(e.literal(1), step.local))),
        set(right.local, e.add(right.local, step.local)),
      ];
    };
    return [
      start.declare,
      middle.declare,
      end.declare,
      left.declare,
      right.declare,
      boundedLoop(k, e.sub(end.local, start.local), n, (i) => take(e.add(start.local, i))),
    ];
  };

  return [
    keys.declare,
    places.declare,
    loop(k, n, (i) => [put(keys.name, i, key(i)), put(places.name, i, i)]),
    width.declare,
    from.declare,
    runs.declare,
    loop(k, passes, () => {
      return [
        set(runs.local, e.floorDiv(e.add(runs.local, e.literal(1)), 2)),
        boundedLoop(k, runs.local, Math.ceil(n / 2), merge),
        set(width.local, e.mul(width.local, e.literal(2))),
        set(from.local, e.sub(size, from.local)),
      ];
    }),
    loop(k, n, (i) => [store(i, get(places.name, e.add(from.local, i), "i32"))]),
  ];
}
