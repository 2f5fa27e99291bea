// What the engine knows of applications it has seen: views and compiled programs, by op, layouts and attributes.
import { keyOf } from "#ir/builder.js";
import type { Attrs } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import type { Layout } from "./layout.js";
import type { Effortless } from "./view.js";

/** A compiled one-node graph. */
export interface EagerProgram {
  /** Runs it on byte addresses: the operands', then the results'. Throws RunError. */
  run(addresses: readonly number[]): void;
  /** Kernels per run. */
  readonly launches: number;
  /** What they read and write per run. */
  readonly bytes: number;
  /** Frees what it holds on the device. */
  dispose(): void;
}

/** A program with the layouts of its results and the argument array that all its runs share. */
export interface Compiled {
  readonly kind: "compiled";
  readonly program: EagerProgram;
  readonly results: readonly Layout[];
  readonly addresses: number[];
}

/** Either kind, with the time of its last use. */
export type Known = (Effortless | Compiled) & { used: number };

/** Bounded: when one kind of entry outgrows its limit, the half of that kind that has not been used for longest goes. */
export class ApplicationCache {
  readonly #byOp = new Map<AnyOp, Map<string, Known>>();
  readonly #counts = { compiled: 0, effortless: 0 };
  #clock = 0;

  /** At most so many programs, and so many views, are remembered. */
  constructor(readonly limits: { readonly compiled: number; readonly effortless: number }) {}

  get(op: AnyOp, key: string): Known | undefined {
    const known = this.#byOp.get(op)?.get(key);
    if (known) known.used = ++this.#clock;
    return known;
  }

  put(op: AnyOp, key: string, entry: Effortless | Compiled): Known {
    const kind = kindOf(entry);
    if (this.#counts[kind] >= this.limits[kind]) this.#evict(kind);
    const known: Known = { ...entry, used: ++this.#clock };
    let byKey = this.#byOp.get(op);
    if (!byKey) this.#byOp.set(op, (byKey = new Map()));
    byKey.set(key, known);
    this.#counts[kind]++;
    return known;
  }

  #evict(kind: "compiled" | "effortless"): void {
    const all = [...this.#byOp.values()].flatMap((byKey) =>
      [...byKey].filter(([, known]) => kindOf(known) === kind).map(([key, known]) => ({ byKey, key, known })),
    );
    all.sort((a, b) => a.known.used - b.known.used);
    for (const { byKey, key, known } of all.slice(0, Math.ceil(all.length / 2))) {
      byKey.delete(key);
      if (known.kind === "compiled") known.program.dispose();
      this.#counts[kind]--;
    }
  }
}

function kindOf(entry: Effortless | Compiled): "compiled" | "effortless" {
  return entry.kind === "compiled" ? "compiled" : "effortless";
}

/** Equal strings for equal attributes given in the same order; cheap for numbers and lists of whole numbers. */
export function attrsKey(attrs: Attrs): string {
  let key = "";
  for (const name in attrs) {
    const value = attrs[name];
    if (typeof value === "number" && value !== 0) key += `${name}:${value};`;
    else if (Array.isArray(value) && value.every(isPositive)) key += `${name}:[${value.join()}];`;
    else key += `${name}:${keyOf(value)};`;
  }
  return key;
}

// `join` cannot tell −0 from 0, nor what is not a number; keyOf can.
function isPositive(x: unknown): boolean {
  return typeof x === "number" && (x > 0 || Object.is(x, 0));
}
