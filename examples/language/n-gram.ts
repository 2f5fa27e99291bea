// What a recurrent model is measured by: n-grams with interpolated Kneser–Ney smoothing (Chen and Goodman, 1999).

/** How probable `id` is after `before`, of which the last `order − 1` ids count. */
export type NGram = (before: ArrayLike<number>, id: number) => number;

/**
 * With D = n₁/(n₁ + 2n₂) for each length of n-grams, nᵢ of which are found i times:
 *
 *     p(w | h) = max(c(hw) − D, 0)/c(h) + D·|{v: c(hv) > 0}|/c(h) · p(w | h without its first id)
 *
 * where c counts how often, and for less than `order` ids after how many different ones. Before one id stands 1/size; what
 * follows an h that was never seen is what follows its end.
 */
export function kneserNey(ids: ArrayLike<number>, size: number, order: number): NGram {
  const orders = Array.from({ length: order }) as Counts[];
  for (let n = order; n >= 1; n--) orders[n - 1] = n === order ? counted(ids, size, n) : continued(orders[n]!, size, n);
  return (before, id) => {
    let probability = 1 / size;
    // The number of an h grows at its front as h does.
    let [history, place] = [0, 1];
    for (let n = 1; n <= Math.min(order, before.length + 1); n++) {
      if (n > 1) {
        history += before[before.length - n + 1]! * place;
        place *= size;
      }
      const { grams, sums, kinds, discount } = orders[n - 1]!;
      const sum = sums.get(history);
      if (sum === undefined) break;
      const own = Math.max((grams.get(history * size + id) ?? 0) - discount, 0);
      probability = (own + discount * kinds.get(history)! * probability) / sum;
    }
    return probability;
  };
}

/** e to the mean of −log p over all ids but the first. */
export function perplexityOf(model: NGram, ids: Int32Array, order: number): number {
  let sum = 0;
  for (let i = 1; i < ids.length; i++) sum -= Math.log(model(ids.subarray(Math.max(0, i - order + 1), i), ids[i]!));
  return Math.exp(sum / (ids.length - 1));
}

/** Of n-grams of one length, which are numbers to the base of the vocabulary's size. */
interface Counts {
  readonly grams: ReadonlyMap<number, number>;
  /** By the n-gram without its last id: the sum of the counts, and how many different ids follow. */
  readonly sums: ReadonlyMap<number, number>;
  readonly kinds: ReadonlyMap<number, number>;
  readonly discount: number;
}

function counted(ids: ArrayLike<number>, size: number, n: number): Counts {
  if (size ** n > Number.MAX_SAFE_INTEGER) throw new Error(`${size} ids to the power of ${n} cannot be told apart`);
  const grams = new Map<number, number>();
  for (let end = n; end <= ids.length; end++) {
    let gram = 0;
    for (let i = end - n; i < end; i++) gram = gram * size + ids[i]!;
    add(grams, gram, 1);
  }
  return summed(grams, size);
}

/** How many different ids stand before each n-gram. */
function continued(longer: Counts, size: number, n: number): Counts {
  const grams = new Map<number, number>();
  for (const gram of longer.grams.keys()) add(grams, gram % size ** n, 1);
  return summed(grams, size);
}

function summed(grams: ReadonlyMap<number, number>, size: number): Counts {
  const [sums, kinds] = [new Map<number, number>(), new Map<number, number>()];
  let [once, twice] = [0, 0];
  for (const [gram, count] of grams) {
    const history = Math.floor(gram / size);
    add(sums, history, count);
    add(kinds, history, 1);
    if (count === 1) once++;
    if (count === 2) twice++;
  }
  // Without a rare one there is nothing to estimate it by.
  return { grams, sums, kinds, discount: once > 0 ? once / (once + 2 * twice) : 0.5 };
}

function add(to: Map<number, number>, key: number, by: number): void {
  to.set(key, (to.get(key) ?? 0) + by);
}
