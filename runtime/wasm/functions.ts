// Functions that kernels call: transcendental functions on vectors, from their expressions over primitives, and the exact
// remainder of f64 numbers, which WebAssembly lacks.
import { InternalError } from "#ir/errors.js";
import { approximated, type Transcendental } from "#ir/scalar.js";
import { assemble } from "./assemble.js";
import { Code } from "./code.js";
import { functionBody, float } from "./encoder.js";
import { opcode, type WasmType } from "./opcodes.js";
import { remainderFunction } from "./scalar-ops.js";
import { boundBody, boundFunction } from "./thread-functions.js";
import { writeOut } from "./write-out.js";

/** A function by the name under which kernels call it: `exp.f32x4`, `mod.f64`. */
export interface LibraryFunction {
  readonly params: readonly WasmType[];
  readonly result: WasmType;
  readonly body: (indexOf: (name: string) => number) => number[];
  readonly calls: ReadonlySet<string>;
}

const known = new Map<string, LibraryFunction>();

/** Throws InternalError where there is no such function. */
export function libraryFunction(name: string, relaxed: boolean): LibraryFunction {
  const key = relaxed ? `${name} relaxed` : name;
  let fn = known.get(key);
  if (!fn) known.set(key, (fn = makeFunction(name, relaxed)));
  return fn;
}

function makeFunction(name: string, relaxed: boolean): LibraryFunction {
  if (name === remainderFunction)
    return { params: ["f64", "f64"], result: "f64", body: remainderBody, calls: new Set() };
  if (name === boundFunction)
    return { params: new Array<"f64">(6).fill("f64"), result: "i32", body: boundBody, calls: new Set() };
  const [fn, shape] = name.split(".");
  if (!(approximated as readonly string[]).includes(fn!))
    throw new InternalError(`wasm: there is no function "${name}"`);
  const { code, arity } = expansion(fn as Transcendental, shape === "f64x2" ? "f64" : "f32");
  // The body is the same in every module unless it holds indices of other functions.
  const fixed = code.calls.size === 0 ? assemble(code, () => 0, relaxed) : null;
  const body = (indexOf: (name: string) => number): number[] => fixed ?? assemble(code, indexOf, relaxed);
  return { params: new Array<"v128">(arity).fill("v128"), result: "v128", body, calls: code.calls };
}

function expansion(fn: Transcendental, dtype: "f32" | "f64"): { code: Code; arity: number } {
  const arity = fn === "pow" ? 2 : 1;
  const code = new Code(new Array<"v128">(arity).fill("v128"));
  code.effect("result", [writeOut(code, fn, dtype, code.params)]);
  return { code, arity };
}

/**
 * x − y·floor(x / y) without rounding. With X = |x|, Y = |y|: T = Y doubled while 2T ≤ X, then, halving T back to Y, X −= T
 * where T ≤ X, each step exact; the rest gets the sign of x, and y is added where the signs of rest and y differ.
 */
function remainderBody(): number[] {
  const out: number[] = [];
  const [x, y, X, Y, T] = [0, 1, 2, 3, 4];
  const get = (i: number): number[] => [0x20, i];
  const set = (i: number): number[] => [0x21, i];
  const op = (name: string): readonly number[] => opcode(`f64.${name}`);
  const number = (value: number): number[] => {
    const bytes = [0x44];
    float(bytes, value, "f64");
    return bytes;
  };
  const emit = (...parts: readonly (readonly number[])[]): void => parts.forEach((part) => out.push(...part));
  const [block, loop, ifVoid, end, branch, branchIf, leave, not] = [
    [0x02, 0x40],
    [0x03, 0x40],
    [0x04, 0x40],
    [0x0b],
    [0x0c],
    [0x0d],
    [0x0f],
    [0x45],
  ];
  emit(get(x), op("abs"), set(X), get(y), op("abs"), set(Y));
  // A NaN, an infinite x or a zero y give NaN.
  emit(
    get(X),
    number(Infinity),
    op("lt"),
    get(Y),
    number(0),
    op("gt"),
    opcode("i32.and"),
    not,
    ifVoid,
    number(NaN),
    leave,
    end,
  );
  emit(get(Y), number(Infinity), op("lt"), ifVoid);
  emit(get(Y), set(T));
  emit(block, loop, get(T), get(T), op("add"), get(X), op("le"), not, branchIf, [1]);
  emit(get(T), get(T), op("add"), set(T), branch, [0], end, end);
  emit(block, loop, get(X), get(T), op("ge"), ifVoid, get(X), get(T), op("sub"), set(X), end);
  emit(get(T), get(Y), op("eq"), branchIf, [1], get(T), number(0.5), op("mul"), set(T), branch, [0], end, end, end);
  emit(get(X), get(x), op("copysign"), set(X));
  emit(get(X), get(y), op("add"), get(X));
  emit(
    get(X),
    number(0),
    op("ne"),
    get(X),
    number(0),
    op("lt"),
    get(y),
    number(0),
    op("lt"),
    opcode("i32.ne"),
    opcode("i32.and"),
    opcode("select"),
  );
  return functionBody(["f64", "f64", "f64"], out);
}
