// Expressions with their transcendental calls written out, for backends that know only the primitives.
import type { Call, Expr } from "#ir/expr.js";
import { expand } from "#ir/functions/index.js";
import { type Transcendental, approximated } from "#ir/scalar.js";

const names: ReadonlySet<string> = new Set(approximated);

/** Whether a call is of a function that `functions/` writes out. */
export function isTranscendental(x: Expr): x is Call & { readonly fn: Transcendental } {
  return x.kind === "call" && names.has(x.fn);
}

/** Rewrites expressions; what they share stays shared, as long as the same expander is used. */
export class CallExpander {
  readonly #done = new Map<Expr, Expr>();

  expand(x: Expr): Expr {
    let done = this.#done.get(x);
    if (!done) {
      done = this.#rewrite(x);
      this.#done.set(x, done);
    }
    return done;
  }

  #rewrite(x: Expr): Expr {
    if (x.kind === "load") {
      const offset = this.expand(x.offset);
      return offset === x.offset ? x : { ...x, offset };
    }
    if (x.kind !== "call") return x;
    const args = x.args.map((arg) => this.expand(arg));
    // What is written out may call others in turn.
    if (isTranscendental(x)) return this.expand(expand(x.fn, args));
    return args.every((arg, i) => arg === x.args[i]) ? x : { ...x, args };
  }
}
