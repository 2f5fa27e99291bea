// Makes a callable op of its record.
import { GraphError, placeError, type ShownOperand } from "./errors.js";
import { forms, gather, type Form, type FormArgs } from "./forms.js";
import type { Attrs, Operand } from "./node.js";
import type { AnyOp, Call, Op, OpRecord } from "./op.js";
import { captureStack, userOrigin } from "./origin.js";
import { printType } from "./type.js";

/** The op `name`, callable on graph values and eager tensors alike. Put the type on the left: `export const tanh: Op<"unary"> =`. */
export function defineOp<F extends Form, A extends Attrs, Args extends readonly unknown[] = FormArgs[F], R = Operand>(
  name: string,
  record: OpRecord<NoInfer<F>, NoInfer<A>, Args>,
): Op<F, A, Args, R> {
  const call = (...args: Args): Operand | readonly Operand[] => {
    const results = applyCall(op as AnyOp, args);
    return record.many ? results : results[0]!;
  };
  const op: object = Object.assign(call, record);
  return Object.defineProperty(op, "name", { value: name }) as Op<F, A, Args, R>;
}

/** All results of calling `op` with a user's arguments. Throws placed errors. */
export function applyCall(op: AnyOp, args: readonly unknown[]): readonly Operand[] {
  let call: Call | null = null;
  try {
    // Every function inherits a `call`; only one of the op's own counts.
    call = Object.hasOwn(op, "call") ? op.call!(...args) : forms[op.form as Form](...(args as never[]));
    const operands = gather(call!.operands);
    const owner = operands[0]?.owner ?? call!.owner;
    if (!owner) throw new GraphError("nothing says which graph this belongs to");
    return owner.apply(op, operands, call!.attrs);
  } catch (thrown) {
    const error = thrown instanceof TypeError ? (noTensor(op, args) ?? thrown) : thrown;
    if (!(error instanceof GraphError) || error.placed) throw error;
    const operands = call?.operands ?? args.flat();
    throw placeError(error, op.name, shown(op, operands), userOrigin(captureStack().stack));
  }
}

function isOperand(x: unknown): x is Operand {
  return typeof x === "object" && x !== null && "owner" in x && "type" in x;
}

/** What is wrong where an argument in the place of an operand is none: such calls end in some TypeError. */
function noTensor(op: AnyOp, args: readonly unknown[]): GraphError | null {
  const found = op.operands.findIndex((name, i) => !name.endsWith("…") && !isOperand(args[i]));
  if (found < 0) return null;
  const arg = args[found];
  const what = typeof arg === "string" ? JSON.stringify(arg) : Array.isArray(arg) ? "an array" : String(arg);
  return new GraphError(`${operandName(op, found)} is ${what}, not a tensor`);
}

function shown(op: AnyOp, operands: readonly unknown[]): readonly ShownOperand[] {
  return operands.flatMap((x, i) =>
    isOperand(x) ? [{ name: operandName(op, i), type: printType(x.type), from: x.from ?? "" }] : [],
  );
}

/** The name of the operand at a position; a last name ending in `…` repeats with a number. */
export function operandName(op: AnyOp, position: number): string {
  const last = op.operands[op.operands.length - 1] ?? "operand";
  if (last.endsWith("…") && position >= op.operands.length - 1) {
    return `${last.slice(0, -1)}${position - op.operands.length + 2}`;
  }
  return op.operands[position] ?? `operand ${position}`;
}
