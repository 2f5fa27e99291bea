// One iteration space of a kernel as a function of the addresses of the kernel's buffers and a part of its range.
import type { Kernel, Space } from "#ir/kernel.js";
import { assemble } from "./assemble.js";
import { forEachStatement, writesOf } from "./body-facts.js";
import { Code } from "./code.js";
import { Expressions } from "./expressions.js";
import { RegisterUse } from "./registers.js";
import type { Value } from "./ssa.js";
import { Statements } from "./statements.js";

/** The body of a function `(address of each buffer, begin, end)` that runs iterations `begin` to `end` − 1 of a space. */
export interface SpaceFunction {
  readonly body: (indexOf: (name: string) => number) => number[];
  /** Names of the functions it calls. */
  readonly calls: ReadonlySet<string>;
  /** Bytes of memory at global 0 that one thread needs. */
  readonly threadScratch: number;
}

export function spaceFunction(kernel: Kernel, space: Space, relaxed: boolean): SpaceFunction {
  const use = new RegisterUse();
  const first = build(kernel, space, use, null);
  const { code, threadScratch } = use.surprised ? build(kernel, space, new RegisterUse(), use) : first;
  return { body: (indexOf) => assemble(code, indexOf, relaxed), calls: code.calls, threadScratch };
}

function build(kernel: Kernel, space: Space, use: RegisterUse, known: RegisterUse | null) {
  const count = kernel.buffers.length;
  const code = new Code(new Array<"i32">(count + 2).fill("i32"));
  const expressions = new Expressions(code, (array, start, lanes) => use.record(array, start, lanes));
  kernel.buffers.forEach(({ name, dtype, length }, i) => {
    expressions.arrays.set(name, { kind: "memory", key: name, dtype, length, base: code.params[i]! });
  });
  const changing = new Set<string>();
  forEachStatement(space.body, (s) => {
    if (s.kind === "set" || s.kind === "accumulate") changing.add(s.local.name);
  });
  const statements = new Statements(code, expressions, changing, use, known);
  const [begin, end] = [code.params[count]!, code.params[count + 1]!];
  const iteration = (over: Value): void => {
    expressions.locals.set(space.over.name, over);
    statements.emit(space.body);
  };
  const writes = writesOf(space.body);
  if (space.extent === 1) {
    code.branch(code.pure("i32.lt_s", [begin, end]), writes, () => iteration(code.constant("i32", 0)));
  } else code.loop({ start: begin, end, step: 1, writes, range: [0, space.extent - 1] }, iteration);
  return { code, threadScratch: statements.threadScratch };
}
