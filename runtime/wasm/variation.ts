// What of a vector loop's body changes from one iteration to the next, and by how much.
import { bitFns, type Expr } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";

export class Variation {
  readonly #lets = new Map<string, Expr>();
  readonly #known = new Map<Expr, boolean>();

  constructor(
    readonly counter: string,
    body: readonly Stmt[],
    /** Locals from outside that differ from lane to lane. */
    readonly inputs: readonly string[] = [],
  ) {
    this.#collect(body);
  }

  isCounter(name: string): boolean {
    return name === this.counter;
  }

  /** Whether `x` depends on the loop's counter. */
  varies(x: Expr): boolean {
    if (x.kind === "literal") return false;
    let varies = this.#known.get(x);
    if (varies === undefined) this.#known.set(x, (varies = this.#findVaries(x)));
    return varies;
  }

  #findVaries(x: Expr): boolean {
    if (x.kind === "local") {
      const value = this.#lets.get(x.name);
      return this.isCounter(x.name) || this.inputs.includes(x.name) || (value !== undefined && this.varies(value));
    }
    if (x.kind === "load") return this.varies(x.offset);
    if (x.kind === "call") for (const a of x.args) if (this.varies(a)) return true;
    return false;
  }

  /** The value of a `let` that is plain index arithmetic, which is computed anew for each lane; else null. */
  indexOf(name: string): Expr | null {
    const value = this.#lets.get(name);
    return value && value.dtype === "i32" && isArithmetic(value) ? value : null;
  }

  /** `offset(counter + 1) − offset(counter)` where that is one number, else null; `numberOf` knows invariant numbers. */
  strideOf(offset: Expr, numberOf: (x: Expr) => number | null): number | null {
    if (!this.varies(offset)) return 0;
    if (offset.kind === "local") {
      if (this.isCounter(offset.name)) return 1;
      const value = this.indexOf(offset.name);
      return value && this.strideOf(value, numberOf);
    }
    if (offset.kind !== "call" || offset.dtype !== "i32") return null;
    const a = offset.args[0]!;
    const b = offset.args[1]!;
    if (offset.fn === "mul") {
      const varying = this.varies(a) ? a : b;
      const other = varying === a ? b : a;
      if (this.varies(other)) return null;
      const stride = this.strideOf(varying, numberOf);
      if (stride === 0 || stride === null) return stride;
      const times = numberOf(other);
      return times === null ? null : stride * times;
    }
    if (offset.fn !== "add" && offset.fn !== "sub" && offset.fn !== "neg") return null;
    const x = this.strideOf(a, numberOf);
    const y = offset.fn === "neg" ? 0 : this.strideOf(b, numberOf);
    if (x === null || y === null) return null;
    return offset.fn === "add" ? x + y : offset.fn === "sub" ? x - y : -x;
  }

  /** Whether pairs of neighbouring iterations share an offset that grows by one from pair to pair: `counter div 2 + …`. */
  goesByPairs(offset: Expr): boolean {
    if (offset.kind === "local") {
      const value = this.indexOf(offset.name);
      return value !== null && this.goesByPairs(value);
    }
    if (offset.kind !== "call") return false;
    const [a, b] = offset.args as [Expr, Expr];
    if (offset.fn === "add") return this.varies(a) ? !this.varies(b) && this.goesByPairs(a) : this.goesByPairs(b);
    if (offset.fn !== "floorDiv" || b.kind !== "literal" || b.value !== 2) return false;
    return a.kind === "local" && this.isCounter(a.name);
  }

  #collect(body: readonly Stmt[]): void {
    for (const s of body) {
      if (s.kind === "let") this.#lets.set(s.local.name, s.value);
      if (s.kind === "for") this.#collect(s.body);
    }
  }
}

function isArithmetic(x: Expr): boolean {
  if (x.kind === "literal" || x.kind === "local") return x.dtype === "i32";
  return x.kind === "call" && !bitFns.has(x.fn) && x.args.every(isArithmetic);
}
