// Activations made of straight lines: hardTanh, relu6, hardSigmoid, hardSwish. At both corners the derivative is that of the
// flat side, as in PyTorch (clip takes the other).
import { defineOp } from "../define-op.js";
import { edge, expectDType, reject, sample } from "../elementwise.js";
import { GraphError } from "../errors.js";
import * as e from "../expr.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { type TensorType, tensorType } from "../type.js";
import { add, div, mul } from "./arithmetic.js";
import { greater, less } from "./comparison.js";
import { logicalAnd } from "./logic.js";
import { where } from "./selection.js";

type Bounds = { low: number; high: number };

export const hardTanh: Op<"like", Bounds, [x: Operand, low?: number, high?: number]> = defineOp("hardTanh", {
  doc: "A line between two bounds, −1 and 1 where nothing is said: `y = min(max(x, low), high)`; its derivative is 1 between them, 0 elsewhere and at both.",
  operands: ["x"],
  form: "like",
  call: (x, low = -1, high = 1) => ({ operands: [x], attrs: { low, high } }),
  infer: ([x], { low, high }) => {
    expectDType("hardTanh", "x", x!, "float");
    if (!(low < high)) throw new GraphError(`the lower bound ${low} is not less than the upper bound ${high}`);
    return [x!];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { dtype } = k.operands[0]!;
      const above = e.call("maximum", k.read(0, index), e.literal(k.attrs.low, dtype));
      return e.call("minimum", above, e.literal(k.attrs.high, dtype));
    },
  },
  vjp: ({ g, operands: [x], attrs: { low, high } }) => [where(logicalAnd(greater(x!, low), less(x!, high)), g, 0)],
  onnx: { type: "Clip" },
  samples: [
    byHand([t("f32", [4], [-2, -0.5, 0.5, 2])], { low: -1, high: 1 }, t("f32", [4], [-1, -0.5, 0.5, 1])),
    { ...byHand([t("f32", [5], [0, 6, Infinity, -Infinity, NaN])], { low: 0, high: 6 }, t("f32", [5], [0, 6, 6, 0, NaN])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { low: 1, high: 1 },
      message: "GraphError: hardTanh: the lower bound 1 is not less than the upper bound 1",
    },
    {
      operands: [tensorType("i32", [3])],
      attrs: { low: -1, high: 1 },
      message: "DTypeError: hardTanh: x is i32, but hardTanh needs f32 or f64",
    },
  ],
});

export const relu6: Op<"unary"> = defineOp<"unary", Attrs>("relu6", {
  doc: "A relu that stops at 6: `y = min(max(x, 0), 6)`; its derivative at 0 and 6 is 0.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("relu6", x!),
  lower: { kind: "compose", expand: ([x]) => [hardTanh(x!, 0, 6)] },
  samples: [sample("f32", { x: [-1, 2.5, 7] }, [0, 2.5, 6]), edge("f32", { x: [0, 6, NaN] }, [0, 6, NaN])],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: relu6: x is i32, but relu6 needs f32 or f64")],
});

export const hardSigmoid: Op<"unary"> = defineOp<"unary", Attrs>("hardSigmoid", {
  doc: "A sigmoid of straight lines: `y = min(max(x + 3, 0), 6) / 6`, as in PyTorch and MobileNetV3. The slope is 1/6; ONNX's HardSigmoid has 0.2 where nothing is said.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("hardSigmoid", x!),
  lower: { kind: "compose", expand: ([x]) => [div(relu6(add(x!, 3)), 6)] },
  samples: [
    sample("f32", { x: [-4, -1.5, 0, 1.5, 4] }, [0, 0.25, 0.5, 0.75, 1]),
    edge("f32", { x: [-3, 3, Infinity, -Infinity, NaN] }, [0, 1, 1, 0, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: hardSigmoid: x is i32, but hardSigmoid needs f32 or f64")],
});

export const hardSwish: Op<"unary"> = defineOp<"unary", Attrs>("hardSwish", {
  doc: "A swish of straight lines (Howard et al. 2019): `y = x · min(max(x + 3, 0), 6) / 6`; its derivative is 0 at −3 and 1 at 3.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("hardSwish", x!),
  lower: { kind: "compose", expand: ([x]) => [mul(x!, hardSigmoid(x!))] },
  onnx: { type: "HardSwish" },
  samples: [
    sample("f32", { x: [-4, -1.5, 0, 1.5, 4] }, [-0, -0.375, 0, 1.125, 4]),
    edge("f32", { x: [-3, 3, Infinity, NaN] }, [-0, 3, Infinity, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: hardSwish: x is i32, but hardSwish needs f32 or f64")],
});

function floatOf(op: string, x: TensorType): readonly TensorType[] {
  expectDType(op, "x", x, "float");
  return [x];
}
