// In which order a product of many tensors is contracted, two at a time: the order with the fewest multiplications up to
// eight factors (dynamic programming over sets of factors), beyond that always the cheapest pair next.

/** A factor by its number, or the contraction of two orders. */
export type Order = number | readonly [Order, Order];

/** Up to this many factors the best order is found; 3ⁿ splits are looked at. */
const exactFactors = 8;

/**
 * The order for factors with these labels. Contracting two takes the product of the sizes of all their labels; what
 * neither other factors nor the result need is summed away on the spot.
 */
export function contractionOrder(
  factors: readonly (readonly string[])[],
  result: readonly string[],
  sizeOf: (label: string) => number,
): Order {
  const costOf = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
    [...new Set([...a, ...b])].reduce((product, label) => product * sizeOf(label), 1);
  return factors.length <= exactFactors ? best(factors, result, costOf) : greedy(factors, result, costOf);
}

type Cost = (a: ReadonlySet<string>, b: ReadonlySet<string>) => number;

/** The labels of `own` that `others` or the result still need. */
function kept(own: readonly string[], others: readonly string[], result: readonly string[]): ReadonlySet<string> {
  const needed = new Set([...others, ...result]);
  return new Set(own.filter((label) => needed.has(label)));
}

function best(factors: readonly (readonly string[])[], result: readonly string[], costOf: Cost): Order {
  const whole = 2 ** factors.length - 1;
  const members = (set: number) => factors.filter((_, i) => set & (1 << i)).flat();
  const labels = Array.from({ length: whole + 1 }, (_, set) => kept(members(set), members(whole & ~set), result));
  const found: { readonly cost: number; readonly order: Order }[] = [];
  for (let set = 1; set <= whole; set++) {
    const first = set & -set;
    let cheapest: { readonly cost: number; readonly order: Order } = { cost: Infinity, order: 31 - Math.clz32(first) };
    // Each split once: the part with the first factor is the left one.
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & first) === 0) continue;
      const [a, b] = [found[part]!, found[set & ~part]!];
      const cost = a.cost + b.cost + costOf(labels[part]!, labels[set & ~part]!);
      if (cost < cheapest.cost) cheapest = { cost, order: [a.order, b.order] };
    }
    found[set] = set === first ? { ...cheapest, cost: 0 } : cheapest;
  }
  return found[whole]!.order;
}

function greedy(factors: readonly (readonly string[])[], result: readonly string[], costOf: Cost): Order {
  let left = factors.map((labels, i): { readonly labels: ReadonlySet<string>; readonly order: Order } => ({
    labels: new Set(labels),
    order: i,
  }));
  while (left.length > 1) {
    let cheapest = { cost: Infinity, a: left[0]!, b: left[1]! };
    left.forEach((a, i) => {
      for (const b of left.slice(i + 1)) {
        const cost = costOf(a.labels, b.labels);
        if (cost < cheapest.cost) cheapest = { cost, a, b };
      }
    });
    const { a, b } = cheapest;
    const others = left.filter((x) => x !== a && x !== b);
    const labels = kept([...new Set([...a.labels, ...b.labels])], others.flatMap((x) => [...x.labels]), result); // prettier-ignore
    left = [...others, { labels, order: [a.order, b.order] }];
  }
  return left[0]!.order;
}
