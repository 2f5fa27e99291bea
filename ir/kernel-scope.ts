// Which names a statement of a kernel can see.
import type { DType } from "./dtype.js";
import type { Expr, Local } from "./expr.js";
import type { KernelBuffer } from "./kernel.js";

/** A buffer or a scratch array. */
export interface NamedArray extends KernelBuffer {
  readonly registers?: boolean;
}

/** A local in scope: what named it, inside how many loops. */
export interface NamedLocal {
  readonly dtype: DType;
  readonly as: "loop" | "let";
  readonly depth: number;
}

/** Names by block: `leave` forgets what was named since `enter`. */
export class KernelScope {
  /** How many loops are around. */
  depth = 0;
  /** Loop variables that may index arrays in registers. */
  readonly registerIndices = new Set<string>();
  readonly #arrays = new Map<string, NamedArray>();
  readonly #locals = new Map<string, NamedLocal>();
  readonly #blocks: string[][] = [[]];

  enter(): void {
    this.#blocks.push([]);
  }

  leave(): void {
    for (const name of this.#blocks.pop()!) {
      this.#arrays.delete(name);
      this.#locals.delete(name);
      this.registerIndices.delete(name);
    }
  }

  /** Names an array; false where the name is taken. */
  addArray(array: NamedArray): boolean {
    if (!this.#take(array.name)) return false;
    this.#arrays.set(array.name, array);
    return true;
  }

  /** Names a local; false where the name is taken. */
  addLocal({ name, dtype }: Local, as: "loop" | "let"): boolean {
    if (!this.#take(name)) return false;
    this.#locals.set(name, { dtype, as, depth: this.depth });
    return true;
  }

  array(name: string): NamedArray | undefined {
    return this.#arrays.get(name);
  }

  local(name: string): NamedLocal | undefined {
    return this.#locals.get(name);
  }

  /** Whether every element that the offset can name is known when loops are unrolled. */
  indexesRegisters(offset: Expr): boolean {
    if (offset.kind === "literal") return true;
    if (offset.kind === "local") return this.registerIndices.has(offset.name);
    if (offset.kind !== "call") return false;
    if (offset.fn === "add") return offset.args.every((x) => this.indexesRegisters(x));
    return (
      offset.fn === "mul" &&
      offset.args.some((x) => x.kind === "literal") &&
      offset.args.every((x) => this.indexesRegisters(x))
    );
  }

  #take(name: string): boolean {
    if (this.#arrays.has(name) || this.#locals.has(name)) return false;
    this.#blocks[this.#blocks.length - 1]!.push(name);
    return true;
  }
}
