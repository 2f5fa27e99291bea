// Kernels as readable JavaScript: a function over typed arrays, rounded to f32 after every operation that rounds.
import { arrayType } from "#ir/dtype.js";
import { type Expr, indexLocal, local, type Local } from "#ir/expr.js";
import { expand } from "#ir/functions/index.js";
import { combinerOf, type Kernel, type Stmt } from "#ir/kernel.js";
import { type JsCall, JsExpressions } from "./js-expressions.js";
import { primitives } from "./js-primitives.js";

/** The body of a function that makes a function, and the functions that needs in scope beside the primitives. */
export interface JsText {
  readonly text: string;
  readonly calls: readonly JsCall[];
}

/** Prints a kernel. */
export function printJs(kernel: Kernel): JsText {
  const printer = new JsPrinter();
  const parameters = kernel.buffers.map((b) => printer.expressions.declare(b.name));
  const spaces = kernel.stages.flat().flatMap(({ over, extent, body }) => {
    return printer.loop(indexLocal(over.name, extent), String(extent), body);
  });
  const lines = [
    ...(kernel.ops.length > 0 ? [`// ${kernel.ops.join(" ")}`] : []),
    ...printer.scratch,
    `return function ${functionName(kernel)}(${parameters.join(", ")}) {`,
    ...indent(spaces),
    "};",
  ];
  return { text: lines.join("\n"), calls: [...printer.expressions.calls.values()] };
}

/** The kernel's name as an identifier; a function named like a primitive would hide it from itself. */
function functionName(kernel: Kernel): string {
  const name = kernel.name.replace(/\W/g, "_").replace(/^(?=\d)|^$/, "_");
  return name in primitives ? `${name}_kernel` : name;
}

/** The body of a function that makes a transcendental function, printed from its expansion, and the others it calls. */
export function printJsFunction({ name, fn, dtype, arity }: JsCall): JsText {
  const names = ["x", "y"].slice(0, arity);
  const expressions = new JsExpressions();
  names.forEach((n) => expressions.declare(n));
  const { lines, texts } = expressions.print([
    expand(
      fn,
      names.map((n) => local(n, dtype)),
    ),
  ]);
  const body = indent([...lines, `return ${texts[0]};`]);
  const text = [`return function ${name}(${names.join(", ")}) {`, ...body, "};"].join("\n");
  return { text, calls: [...expressions.calls.values()] };
}

class JsPrinter {
  readonly expressions = new JsExpressions();
  /** Scratch arrays live as long as the kernel's function, so that a launch makes no garbage. */
  readonly scratch: string[] = [];
  readonly #changing = new Set<string>();

  loop(over: Local, extent: string, body: readonly Stmt[]): readonly string[] {
    const name = this.expressions.declare(over.name);
    return [`for (let ${name} = 0; ${name} < ${extent}; ${name}++) {`, ...indent(this.#block(body)), "}"];
  }

  #block(body: readonly Stmt[]): readonly string[] {
    this.#noteChanges(body);
    return body.flatMap((s) => this.#statement(s));
  }

  #statement(s: Stmt): readonly string[] {
    switch (s.kind) {
      case "for":
        return this.#with([s.extent], ([extent]) => this.loop(s.over, extent!, s.body));
      case "if":
        return this.#with([s.test], ([test]) => [
          `if (${test}) {`,
          ...indent(this.#block(s.then)),
          ...(s.else ? ["} else {", ...indent(this.#block(s.else))] : []),
          "}",
        ]);
      case "let":
        return this.#with([s.value], ([value]) => {
          const word = this.#changing.has(s.local.name) ? "let" : "const";
          return [`${word} ${this.expressions.declare(s.local.name)} = ${value};`];
        });
      case "set":
        return this.#with([s.value], ([value]) => [`${this.expressions.nameOf(s.local.name)} = ${value};`]);
      case "accumulate": {
        const sum: Expr = { kind: "call", dtype: s.local.dtype, fn: combinerOf(s.fn), args: [s.local, s.value] };
        return this.#with([sum], ([value]) => [`${this.expressions.nameOf(s.local.name)} = ${value};`]);
      }
      case "scratch": {
        const name = this.expressions.declareArray(s.name);
        this.scratch.push(`const ${name} = new ${arrayType(s.dtype).name}(${s.length});`);
        return [];
      }
      case "store":
        return this.#with([s.offset, s.value], ([offset, value]) => {
          return [`${this.expressions.nameOf(s.buffer)}[${offset}] = ${value};`];
        });
      case "check":
        return this.#with([s.test, s.value], ([test, value]) => [`if (!(${test})) fail(${s.failure}, ${value});`]);
    }
  }

  #with(exprs: readonly Expr[], print: (texts: readonly string[]) => readonly string[]): readonly string[] {
    const { lines, texts } = this.expressions.print(exprs);
    return [...lines, ...print(texts)];
  }

  /** Finds the locals that `set` and `accumulate` change, so that the others can be `const`. */
  #noteChanges(body: readonly Stmt[]): void {
    for (const s of body) {
      if (s.kind === "set" || s.kind === "accumulate") this.#changing.add(s.local.name);
      else if (s.kind === "for") this.#noteChanges(s.body);
      else if (s.kind === "if") [s.then, s.else ?? []].forEach((branch) => this.#noteChanges(branch));
    }
  }
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
