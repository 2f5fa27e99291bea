// Control flow: loops and branches around sub-graphs. Users write `scan`, `fori`, `whileLoop` and `cond`.
import { defineOp } from "../define-op.js";
import { DTypeError, GraphError, ShapeError } from "../errors.js";
import type { BranchAttrs, LoopAttrs, LoopFlow } from "../flow.js";
import { batchedBranch, batchedLoop } from "../flow-batching.js";
import { branchPullback, loopPullback } from "../flow-gradients.js";
import { arithmeticBody, choiceBody } from "../flow-samples.js";
import type { Graph } from "../graph.js";
import type { Operand } from "../node.js";
import { type Op, t } from "../op.js";
import { printSize, sameSize, type Size } from "../size.js";
import { printType, sameType, tensorType, type TensorType } from "../type.js";

export const loop: Op<"own", LoopAttrs, [operands: readonly Operand[], attrs: LoopAttrs], readonly Operand[]> =
  defineOp("loop", {
    doc: "Runs a sub-graph again and again: `sᵢ₊₁, yᵢ = body(captures, sᵢ, xᵢ)`; gives the last states `s` and all `y`.",
    operands: ["x…"],
    form: "own",
    many: true,
    call: (operands, attrs) => ({ operands, attrs }),
    infer: (types, attrs) => {
      const { body, test, turns, counted, captures, states } = attrs;
      const own = counted ? types.slice(1) : types;
      const count = types[0];
      if (counted && !(count?.dtype === "i32" && count.shape.length === 0)) {
        throw new DTypeError(`the number of turns is ${count ? printType(count) : "missing"}, not an i32 scalar`);
      }
      const elements = own.map((type, i) => (i < captures + states ? type : elementOf(type, turns)));
      expectInputs("body", body, elements);
      if (test) {
        expectInputs("test", test, elements.slice(0, captures + states));
        expectBool("the test", outputTypes(test));
      }
      const given = outputTypes(body);
      const carried = elements.slice(captures, captures + states);
      carried.forEach((type, i) => {
        if (given[i] && sameType(given[i], type)) return;
        throw new ShapeError(
          `state ${i + 1} is ${printType(type)} but becomes ${given[i] ? printType(given[i]) : "nothing"}`,
        );
      });
      return given.map((type, i) => (i < states ? type : tensorType(type.dtype, [turns, ...type.shape])));
    },
    lower: {
      kind: "control",
      flow: ({ recompute: _, counted = false, reverse = false, test = null, ...flow }): LoopFlow => {
        return { kind: "loop", counted, reverse, test, ...flow };
      },
    },
    vjp: loopPullback,
    batch: batchedLoop,
    samples: [
      {
        operands: [t("f32", [], [2]), t("f32", [2], [1, -1]), t("f32", [3, 2], [1, 2, 3, 4, 5, 6])],
        attrs: arithmeticBody(),
        results: [t("f32", [2], [23, 14]), t("f32", [3, 2], [3, 0, 9, 4, 23, 14])],
        from: "by hand",
      },
      {
        operands: [t("f32", [], [2]), t("f32", [2], [1, -1]), t("f32", [3, 2], [1, 2, 3, 4, 5, 6])],
        attrs: { ...arithmeticBody(), reverse: true },
        results: [t("f32", [2], [35, 26]), t("f32", [3, 2], [35, 26, 17, 12, 7, 4])],
        from: "by hand",
      },
    ],
    rejects: [
      {
        operands: [tensorType("f32", []), tensorType("f32", [2]), tensorType("f32", [4, 2])],
        attrs: arithmeticBody(),
        message: "ShapeError: loop: a sequence is f32[4,2], but there are 3 turns",
      },
    ],
  });

export const branch: Op<"own", BranchAttrs, [operands: readonly Operand[], attrs: BranchAttrs], readonly Operand[]> =
  defineOp("branch", {
    doc: "One of two sub-graphs: `y = then(x…)` where the predicate holds, else `otherwise(x…)`; the other one does not run.",
    operands: ["predicate", "x…"],
    form: "own",
    many: true,
    call: (operands, attrs) => ({ operands, attrs }),
    infer: ([predicate, ...types], { then, otherwise }) => {
      expectBool("the predicate", predicate ? [predicate] : []);
      expectInputs("then", then, types);
      expectInputs("otherwise", otherwise, types);
      const [a, b] = [outputTypes(then), outputTypes(otherwise)];
      if (a.length !== b.length) throw new GraphError(`one branch gives ${a.length} tensors, the other ${b.length}`);
      a.forEach((type, i) => {
        if (sameType(type, b[i]!)) return;
        throw new ShapeError(
          `result ${i + 1} is ${printType(type)} in one branch and ${printType(b[i]!)} in the other`,
        );
      });
      return a;
    },
    lower: { kind: "control", flow: (attrs) => ({ kind: "branch", ...attrs }) },
    vjp: branchPullback,
    batch: batchedBranch,
    samples: [true, false].map((holds) => ({
      operands: [t("bool", [], [holds ? 1 : 0]), t("f32", [2], [1, -2]), t("f32", [2], [3, 5])],
      attrs: choiceBody(),
      results: [t("f32", [2], holds ? [3, -10] : [-2, -7])],
      from: "by hand",
    })),
    rejects: [
      {
        operands: [tensorType("f32", []), tensorType("f32", [2]), tensorType("f32", [2])],
        attrs: choiceBody(),
        message: "DTypeError: branch: the predicate is f32[], not a bool scalar",
      },
    ],
  });

function outputTypes(graph: Graph): readonly TensorType[] {
  return [...graph.outputs.values()].map((value) => value.type);
}

function elementOf(type: TensorType, turns: Size): TensorType {
  const [length, ...shape] = type.shape;
  if (length !== undefined && sameSize(length, turns)) return tensorType(type.dtype, shape);
  throw new ShapeError(`a sequence is ${printType(type)}, but there are ${printSize(turns)} turns`);
}

function expectBool(what: string, types: readonly TensorType[]): void {
  const [type] = types;
  if (types.length === 1 && type!.dtype === "bool" && type!.shape.length === 0) return;
  throw new DTypeError(`${what} is ${types.map(printType).join(", ") || "missing"}, not a bool scalar`);
}

function expectInputs(what: string, graph: Graph, types: readonly TensorType[]): void {
  const inputs = graph.inputs.map((node) => node.results[0]!.type);
  if (inputs.length !== types.length) {
    throw new GraphError(`${what} takes ${inputs.length} tensors, but ${types.length} are given`);
  }
  inputs.forEach((type, i) => {
    if (sameType(type, types[i]!)) return;
    throw new ShapeError(`input ${i + 1} of ${what} is ${printType(type)}, but ${printType(types[i]!)} is given`);
  });
}
