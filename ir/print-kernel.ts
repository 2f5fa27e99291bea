// Kernel text: a line per statement, loops indented, elements as `buffer[index]`. For people; nothing reads it back.
import type { Expr } from "./expr.js";
import { type Kernel, type KernelBuffer, combinerOf, type Space, type Stmt } from "./kernel.js";
import { printExprs } from "./print-expr.js";

/** The text of a kernel, without a newline at the end. */
export function printKernel(kernel: Kernel): string {
  const buffers = kernel.buffers.map(printKernelBuffer).join(", ");
  const stages = kernel.stages.flatMap((spaces, i) => [
    ...(i > 0 ? ["  barrier"] : []),
    ...spaces.flatMap((space) => indent(printSpace(space))),
  ]);
  return [
    `kernel ${kernel.name}(${buffers}) {`,
    ...(kernel.ops.length > 0 ? [`  // ${kernel.ops.join(" ")}`] : []),
    ...stages,
    "}",
  ].join("\n");
}

/** `x: f32[128] read`. */
function printKernelBuffer({ name, dtype, length, access }: KernelBuffer): string {
  return `${name}: ${dtype}[${length}] ${access}`;
}

/** A parallel space and its body, one line per entry. */
function printSpace({ over, extent, body }: Space): readonly string[] {
  return [`parallel ${over.name} < ${extent} {`, ...body.flatMap((s) => indent(printStmt(s))), "}"];
}

/** A statement, one line per entry; lines that name what its expressions share come first. */
export function printStmt(s: Stmt): readonly string[] {
  switch (s.kind) {
    case "for":
      return withParts([s.extent], ([extent]) => [
        `for ${s.over.name} < ${extent} ${s.as === "serial" ? "" : `${s.as} `}{`,
        ...s.body.flatMap((inner) => indent(printStmt(inner))),
        "}",
      ]);
    case "if":
      return withParts([s.test], ([test]) => [
        `if ${test} {`,
        ...s.then.flatMap((inner) => indent(printStmt(inner))),
        ...(s.else ? ["} else {", ...s.else.flatMap((inner) => indent(printStmt(inner)))] : []),
        "}",
      ]);
    case "let":
      return withParts([s.value], ([value]) => [`let ${s.local.name}: ${s.local.dtype} = ${value}`]);
    case "set":
      return withParts([s.value], ([value]) => [`${s.local.name} = ${value}`]);
    case "accumulate":
      return withParts([s.value], ([value]) => [`${s.local.name} ${combinerOf(s.fn)}= ${value}`]);
    case "scratch":
      return [`scratch ${s.name}: ${s.dtype}[${s.length}] in ${s.in}`];
    case "store":
      return withParts([s.offset, s.value], ([offset, value]) => [`${s.buffer}[${offset}] = ${value}`]);
    case "check":
      return withParts([s.test, s.value], ([test, value]) => [`check ${test} else fail ${s.failure} with ${value}`]);
  }
}

function withParts(exprs: readonly Expr[], print: (texts: readonly string[]) => readonly string[]): readonly string[] {
  const { lines, texts } = printExprs(exprs);
  return [...lines, ...print(texts)];
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
