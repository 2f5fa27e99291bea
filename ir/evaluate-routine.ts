// Runs a routine's statements, one after the other, for the reference: the slow truth, and no backend's code.
import { isFloat, type TypedArray, zeros } from "./dtype.js";
import { InternalError, RunError } from "./errors.js";
import { evaluation, type Evaluation, type Source } from "./evaluate.js";
import type { Local } from "./expr.js";
import { combinerOf, type Stmt } from "./kernel.js";
import type { Routine } from "./reader.js";
import { evaluate } from "./scalar.js";
import { elementCount } from "./size.js";
import type { ConcreteType } from "./type.js";

type Action = () => void;

/** The result of a routine. Throws RunError where one of its checks fails. */
export function evaluateRoutine(routine: Routine, type: ConcreteType, sources: readonly Source[]): TypedArray {
  const out = zeros(type.dtype, elementCount(type.shape));
  const arrays = new Map([[routine.result, out]]);
  const run = new Runner(evaluation(sources, arrays), arrays, routine.messages);
  let body = run.block(routine.body);
  for (const over of routine.row.toReversed()) body = run.counted(over, () => over.extent!, body);
  body();
  return out;
}

class Runner {
  constructor(
    readonly expressions: Evaluation,
    readonly arrays: Map<string, TypedArray>,
    readonly messages: readonly string[],
  ) {}

  block(body: readonly Stmt[]): Action {
    const actions = body.map((s) => this.#statement(s));
    return () => actions.forEach((act) => act());
  }

  counted(over: Local, extent: () => number, body: Action): Action {
    const { locals, slotOf } = this.expressions;
    const slot = slotOf(over.name);
    return () => {
      const end = extent();
      if (end > over.extent!) throw new InternalError(`reference: the loop over ${over.name} runs to ${end}, not at most ${over.extent!}`); // prettier-ignore
      for (let i = 0; i < end; i++) {
        locals[slot] = i;
        body();
      }
    };
  }

  #statement(s: Stmt): Action {
    const { locals, slotOf, compile } = this.expressions;
    switch (s.kind) {
      case "for":
        return this.counted(s.over, compile(s.extent), this.block(s.body));
      case "if": {
        const [test, then, otherwise] = [compile(s.test), this.block(s.then), this.block(s.else ?? [])];
        return () => (test() ? then() : otherwise());
      }
      case "let":
      case "set": {
        const [value, slot] = [compile(s.value), slotOf(s.local.name)];
        return () => void (locals[slot] = value());
      }
      case "accumulate": {
        const [value, slot, { dtype }] = [compile(s.value), slotOf(s.local.name), s.local];
        const combine = combinerOf(s.fn);
        return () => void (locals[slot] = evaluate(combine, dtype, [locals[slot]!, value()], [dtype, dtype]));
      }
      case "scratch":
        // What was not stored must not be read: NaN shows it.
        return () => void this.arrays.set(s.name, zeros(s.dtype, s.length).fill(isFloat(s.dtype) ? NaN : 85));
      case "store": {
        const [offset, value] = [compile(s.offset), compile(s.value)];
        return () => this.#store(s.buffer, offset(), value());
      }
      case "check": {
        const [test, value] = [compile(s.test), compile(s.value)];
        return () => {
          if (!test()) throw new RunError(this.messages[s.failure]!.replace("{value}", String(value())));
        };
      }
    }
  }

  #store(name: string, offset: number, value: number): void {
    const data = this.arrays.get(name);
    if (data && offset >= 0 && offset < data.length) data[offset] = value;
    else throw new InternalError(`reference: stores element ${offset} of ${name}, which has ${data?.length ?? "no"} elements`); // prettier-ignore
  }
}
