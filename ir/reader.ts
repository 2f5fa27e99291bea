// What lowerings see of a node: its attributes, the types of its operands and results, and how to read and reduce them.
import { InternalError } from "./errors.js";
import { type Expr, indexLocal, load, type Local } from "./expr.js";
import type { Stmt } from "./kernel.js";
import type { Attrs, Node, Value } from "./node.js";
import type { Index, Lowering, OperandReader, Reader, RoutineReader } from "./op.js";
import { positionOf } from "./statements.js";
import { type ConcreteType, isConcrete, printType } from "./type.js";

/** The type of a value. Throws InternalError where a size is not a number yet. */
export function concreteType({ type }: Value): ConcreteType {
  if (!isConcrete(type)) throw new InternalError(`reader: ${printType(type)} has sizes without numbers`);
  return type;
}

/**
 * The reader of a node whose sizes are numbers. Reduction variables have names of their own in the whole graph, so that
 * expressions of several nodes can stand in one another.
 */
export function readerOf(node: Node): Reader<Attrs> {
  let reductions = 0;
  return {
    ...operandReaderOf(node),
    reduce: (fn, extent, body) => {
      const over = indexLocal(`k${node.id}_${reductions++}`, extent);
      const inner = body(over);
      return { kind: "reduce", dtype: inner.dtype, fn, over, body: inner };
    },
  };
}

const readers = new WeakMap<Node, OperandReader<Attrs>>();

function operandReaderOf(node: Node): OperandReader<Attrs> {
  let reader = readers.get(node);
  if (!reader) {
    const operands = node.operands.map(concreteType);
    const results = node.results.map(concreteType);
    const read = (operand: number, index: Index): Expr => {
      return { kind: "read", dtype: operands[operand]!.dtype, operand, index };
    };
    readers.set(node, (reader = { attrs: node.attrs, operands, results, read }));
  }
  return reader;
}

/** A routine written out for one node: statements over `read`s of operands. */
export interface Routine {
  /** The variables of the parallel space. */
  readonly row: readonly Local[];
  readonly body: readonly Stmt[];
  /** The buffer that loads and stores of the result name, in row-major order. */
  readonly result: string;
  /** Messages of the checks, which name them by their place in this list. */
  readonly messages: readonly string[];
  /** Where a row has nothing to do, and what it stores then; null where that is not known. */
  readonly idle: { readonly test: Expr; readonly value: (index: Index) => Expr } | null;
}

/** A store of a routine into its result. */
export interface ResultStore {
  readonly kind: "store";
  readonly buffer: string;
  readonly offset: Expr;
  readonly value: Expr;
  /** The index of the element in the result. */
  readonly index: Index;
}

/** What a node does whose op is a routine. Names are its own in the whole graph. A routine without results does nothing. */
export function routineOf(node: Node): Routine {
  const lower = node.op.lower as Lowering<Attrs>;
  if (lower.kind !== "routine") throw new InternalError(`reader: ${node.op.name} is not a routine`);
  const type = concreteType(node.results[0]!);
  const result = `y${node.id}`;
  const messages: string[] = [];
  let names = 0;
  const fresh = (stem: string): string => `${stem}_r${node.id}_${names++}`;
  const at = (index: Index): Expr => positionOf(type.shape, index);
  const k: RoutineReader<Attrs> = {
    ...operandReaderOf(node),
    store: (index, value): ResultStore => ({ kind: "store", buffer: result, offset: at(index), value, index }),
    stored: (index) => load(result, at(index), type.dtype),
    fresh,
    scratch: (dtype, length) => {
      const name = fresh("scratch");
      return { name, declare: { kind: "scratch", name, dtype, length, in: "thread" } };
    },
    check: (test, value, message) => {
      const failure = messages.push(message) - 1;
      return { kind: "check", test, value, failure };
    },
  };
  const row = lower.over(k).map((extent) => indexLocal(fresh("p"), extent));
  const empty = type.shape.includes(0);
  const body = empty ? [] : withoutEmptyLoops(lower.body(row, k));
  return { row, body, result, messages, idle: lower.idle && !empty ? lower.idle(row, k) : null };
}

/** Loops that never run may speak of elements that are nowhere. */
function withoutEmptyLoops(body: readonly Stmt[]): readonly Stmt[] {
  return body.flatMap((s): readonly Stmt[] => {
    if (s.kind === "for") {
      const never = s.over.extent === 0 || (s.extent.kind === "literal" && s.extent.value <= 0);
      return never ? [] : [{ ...s, body: withoutEmptyLoops(s.body) }];
    }
    if (s.kind !== "if") return [s];
    return [{ ...s, then: withoutEmptyLoops(s.then), else: s.else && withoutEmptyLoops(s.else) }];
  });
}
