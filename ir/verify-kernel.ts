// What must hold of every kernel, before a backend sees it:
//
//  1. Buffers, scratch arrays and locals have names of their own: none is given again where it can be seen.
//  2. A local is used only after a loop, a space or a `let` of the same or an enclosing block has named it, with its dtype.
//  3. `set` changes a local that a `let` has named, and gives it a value of its dtype.
//  4. `accumulate` stands inside a loop, changes a local that a `let` outside that loop has named, and gives it a value of
//     its dtype; `any` and `all` are for bool.
//  5. Loads and stores name a buffer or a scratch array in scope, with its dtype, at an i32 offset.
//  6. Buffers of access "write" are not read, and those of access "read" are not written.
//  7. A store's offset, as far as its range is known, does not lie wholly outside the array.
//  8. A `vector` loop holds only `let`, `store` and `accumulate`; an `unrolled` one has a literal extent.
//  9. A scratch array in registers has 1 to 256 elements, indexed by literals, by variables of unrolled loops and of vector
//     loops of literal extent, and sums and multiples of these.
// 10. Scalar functions get as many arguments as they take, of dtypes that fit; tests are bool, extents i32.
// 11. No `reduce`, `read` or `bounded` is left.
// 12. A literal is a number that its dtype can hold.
// 13. Lengths, extents of spaces and numbers of failures are non-negative integers.
import { toDType } from "./dtype.js";
import { InternalError } from "./errors.js";
import type { Expr, Local } from "./expr.js";
import { rangeOf } from "./expr.js";
import type { Kernel, Space, Stmt } from "./kernel.js";
import { printStmt } from "./print-kernel.js";
import { signatureComplaint } from "./signature.js";
import { partsOf } from "./subexpressions.js";
import { KernelScope } from "./kernel-scope.js";

type For = Extract<Stmt, { kind: "for" }>;

/** Throws an InternalError that lists every broken invariant with the guilty statement. */
export function verifyKernel(kernel: Kernel): void {
  const found = new KernelVerifier(kernel).complaints();
  if (found.length > 0) throw new InternalError(`kernel ${kernel.name} is not valid:\n${found.join("\n")}`);
}

class KernelVerifier {
  readonly #found: string[] = [];
  readonly #scope = new KernelScope();
  #statement: Stmt | null = null;
  #sound = new Set<Expr>();

  constructor(readonly kernel: Kernel) {}

  complaints(): readonly string[] {
    for (const { name, dtype, length, access } of this.kernel.buffers) {
      if (!isCount(length)) this.#complain(13, `buffer ${name} has the length ${length}`);
      if (!this.#scope.addArray({ name, dtype, length, access })) this.#complain(1, `the name ${name} is given twice`);
    }
    for (const space of this.kernel.stages.flat()) this.#space(space);
    return this.#found;
  }

  #complain(invariant: number, what: string): void {
    const line = this.#statement ? `\n    ${headOf(this.#statement)}` : "";
    this.#found.push(`  invariant ${invariant}: ${what}${line}`);
  }

  #space({ over, extent, body }: Space): void {
    this.#statement = null;
    if (!isCount(extent)) this.#complain(13, `the space over ${over.name} has the extent ${extent}`);
    this.#scope.enter();
    this.#name(over, "loop");
    this.#block(body, null);
    this.#scope.leave();
  }

  /** Names a local of the current block. */
  #name(local: Local, as: "loop" | "let"): void {
    if (!this.#scope.addLocal(local, as)) this.#complain(1, `the name ${local.name} is given twice`);
  }

  #block(body: readonly Stmt[], inVector: For | null): void {
    for (const s of body) {
      this.#statement = s;
      this.#sound = new Set();
      if (inVector && s.kind !== "let" && s.kind !== "store" && s.kind !== "accumulate") {
        this.#complain(8, `the vector loop over ${inVector.over.name} holds a statement "${s.kind}"`);
      }
      this.#check(s);
    }
  }

  #check(s: Stmt): void {
    switch (s.kind) {
      case "for":
        return this.#loop(s);
      case "if":
        this.#expr(s.test);
        if (s.test.dtype !== "bool") this.#complain(10, `the test is ${s.test.dtype}, not bool`);
        for (const branch of [s.then, s.else ?? []]) this.#inside(() => this.#block(branch, null));
        return;
      case "let":
        this.#expr(s.value);
        this.#name(s.local, "let");
        return this.#sameDType(3, s.local, s.value);
      case "set":
        this.#expr(s.value);
        if (this.#scope.local(s.local.name)?.as !== "let") this.#complain(3, `no let has named ${s.local.name}`);
        return this.#sameDType(3, s.local, s.value);
      case "accumulate":
        return this.#accumulate(s);
      case "scratch":
        if (!isCount(s.length)) this.#complain(13, `scratch ${s.name} has the length ${s.length}`);
        if (s.in === "registers" && (s.length < 1 || s.length > 256)) {
          this.#complain(9, `${s.length} elements are too many or too few for registers`);
        }
        if (!this.#scope.addArray({ ...s, access: "update", registers: s.in === "registers" })) {
          this.#complain(1, `the name ${s.name} is given twice`);
        }
        return;
      case "store":
        return this.#store(s);
      case "check":
        this.#expr(s.test);
        this.#expr(s.value);
        if (s.test.dtype !== "bool") this.#complain(10, `the test is ${s.test.dtype}, not bool`);
        if (!isCount(s.failure)) this.#complain(13, `failure ${s.failure}`);
    }
  }

  #loop(s: For): void {
    this.#expr(s.extent);
    if (s.extent.dtype !== "i32") this.#complain(10, `the extent is ${s.extent.dtype}, not i32`);
    if (s.as === "unrolled" && s.extent.kind !== "literal") this.#complain(8, "an unrolled loop has no literal extent");
    this.#inside(() => {
      this.#name(s.over, "loop");
      if (s.as !== "serial" && s.extent.kind === "literal") this.#scope.registerIndices.add(s.over.name);
      this.#scope.depth++;
      this.#block(s.body, s.as === "vector" ? s : null);
      this.#scope.depth--;
    });
  }

  #inside(body: () => void): void {
    this.#scope.enter();
    body();
    this.#scope.leave();
  }

  #accumulate(s: Extract<Stmt, { kind: "accumulate" }>): void {
    this.#expr(s.value);
    const named = this.#scope.local(s.local.name);
    if (named?.as !== "let") this.#complain(4, `no let has named ${s.local.name}`);
    else if (named.depth >= this.#scope.depth)
      this.#complain(4, `no loop stands between the let of ${s.local.name} and this`);
    if ((s.fn === "any" || s.fn === "all") !== (s.local.dtype === "bool")) {
      this.#complain(4, `${s.fn} does not combine ${s.local.dtype}`);
    }
    this.#sameDType(4, s.local, s.value);
  }

  #store({ buffer, offset, value }: Extract<Stmt, { kind: "store" }>): void {
    this.#expr(offset);
    this.#expr(value);
    const array = this.#scope.array(buffer);
    if (!array) return this.#complain(5, `no array ${buffer} is in scope`);
    if (array.dtype !== value.dtype) this.#complain(5, `${buffer} holds ${array.dtype}, the value is ${value.dtype}`);
    if (array.access === "read") this.#complain(6, `${buffer} is only to be read`);
    const range = rangeOf(offset);
    if (range && (range[1] < 0 || range[0] >= array.length)) {
      this.#complain(7, `the offset lies in ${range[0]} to ${range[1]}, ${buffer} has ${array.length} elements`);
    }
    this.#offset(buffer, offset);
  }

  #sameDType(invariant: number, local: Local, value: Expr): void {
    if (local.dtype !== value.dtype)
      this.#complain(invariant, `${local.name} is ${local.dtype}, the value is ${value.dtype}`);
    const named = this.#scope.local(local.name);
    if (named && named.dtype !== local.dtype)
      this.#complain(2, `${local.name} was named as ${named.dtype}, not ${local.dtype}`);
  }

  #offset(buffer: string, offset: Expr): void {
    if (offset.dtype !== "i32") this.#complain(5, `the offset into ${buffer} is ${offset.dtype}, not i32`);
    if (this.#scope.array(buffer)?.registers && !this.#scope.indexesRegisters(offset)) {
      this.#complain(9, `${buffer} is in registers and cannot be indexed like this`);
    }
  }

  /** Checks an expression, each shared part once. */
  #expr(root: Expr): void {
    const stack: Expr[] = [root];
    for (let x = stack.pop(); x; x = stack.pop()) {
      if (this.#sound.has(x)) continue;
      this.#sound.add(x);
      this.#one(x);
      stack.push(...partsOf(x));
    }
  }

  #one(x: Expr): void {
    switch (x.kind) {
      case "literal":
        if (!Object.is(toDType(x.dtype, x.value), x.value))
          this.#complain(12, `${x.value} is not a number that ${x.dtype} can hold`);
        return;
      case "local": {
        const named = this.#scope.local(x.name);
        if (!named) this.#complain(2, `nothing has named ${x.name}`);
        else if (named.dtype !== x.dtype) this.#complain(2, `${x.name} was named as ${named.dtype}, not ${x.dtype}`);
        return;
      }
      case "load": {
        const array = this.#scope.array(x.buffer);
        if (!array) return this.#complain(5, `no array ${x.buffer} is in scope`);
        if (array.dtype !== x.dtype) this.#complain(5, `${x.buffer} holds ${array.dtype}, not ${x.dtype}`);
        if (array.access === "write") this.#complain(6, `${x.buffer} is only to be written`);
        return this.#offset(x.buffer, x.offset);
      }
      case "call": {
        const wrong = signatureComplaint(x);
        if (wrong) this.#complain(10, wrong);
        return;
      }
      default:
        this.#complain(11, `a "${x.kind}" is left`);
    }
  }
}

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0;

/** The line that shows a statement: its own, without its body. */
function headOf(s: Stmt): string {
  const shell: Stmt = s.kind === "for" ? { ...s, body: [] } : s.kind === "if" ? { ...s, then: [], else: undefined } : s;
  const lines = printStmt(shell);
  return s.kind === "for" || s.kind === "if" ? lines[lines.length - 2]! : lines[lines.length - 1]!;
}
