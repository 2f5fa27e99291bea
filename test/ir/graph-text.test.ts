// Graph text: what is printed reads back as the same graph, to the byte, and what does not parse says where and why.
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Builder } from "#ir/builder.js";
import { arrayOf, type DType } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Attrs, Value } from "#ir/node.js";
import { parseNumber, printNumber } from "#ir/number-text.js";
import type { Op } from "#ir/op.js";
import { add, constant, exp } from "#ir/ops/index.js";
import { opTable } from "#ir/ops/table.js";
import { withScope } from "#ir/origin.js";
import { parseGraph } from "#ir/parse-graph.js";
import { printAttrs, printGraph } from "#ir/print-graph.js";
import { tensorType } from "#ir/type.js";
import { GraphMaker } from "../graphs.js";
import { readFixtures } from "../passes/fixtures.js";

const layer = `graph layer(%x: f32[4,3], param %w: f32[3,2], param %b: f32[2]) {
  %0 = matmul %x, %w : f32[4,2]
  %1 = broadcast %b {shape=[4,2], axes=[1]} : f32[4,2]
  %2 = add %0, %1 : f32[4,2]
  return %2
}`;

function roundTrip(graph: Graph): void {
  const text = printGraph(graph, { constants: Infinity });
  expect(printGraph(parseGraph(text), { constants: Infinity })).toBe(text);
}

describe("print ∘ parse is the identity", () => {
  test("on a dense layer", () => {
    expect(printGraph(parseGraph(layer))).toBe(layer);
  });

  test("on several outputs and updates, with named sizes", () => {
    const text = `graph step(%x: f32[batch,3], param %w: f32[3]) {
  %0 = sum %x {axes=[0], keepDims=false} : f32[3]
  %1 = concat %x, %x {axis=0} : f32[2*batch,3]
  %2 = sub %w, %0 : f32[3]
  output rows = %0
  output "a name with spaces" = %1
  update %w = %2
}`;
    expect(printGraph(parseGraph(text))).toBe(text);
  });

  test("on every graph of every pass fixture", () => {
    const folder = new URL("../passes/", import.meta.url);
    const files = readdirSync(folder).filter((file) => file.endsWith(".ir"));
    const texts = files.flatMap((file) => readFixtures(new URL(file, folder)).cases.map((c) => c.after ?? c.before));
    expect(texts.length).toBeGreaterThan(100);
    for (const text of texts) expect(printGraph(parseGraph(text))).toBe(text);
  });

  test("on every sample of every op", () => {
    for (const op of opTable.values()) {
      if (op.lower.kind === "leaf") continue;
      for (const { operands, attrs } of op.samples) {
        const maker = new GraphMaker();
        const values = operands.map((x, i) => maker.input(`x${i}`, x.shape, x.dtype));
        const results = maker.builder.apply(op, values, attrs as Attrs);
        roundTrip(maker.graph(Object.fromEntries(results.map((value, i) => [`y${i}`, value]))));
      }
    }
  });

  test("on a node with two results", () => {
    const split = { name: "split", operands: ["x"], infer: () => [tensorType("f32", [1]), tensorType("f32", [2])] };
    const op = { ...split, lower: { kind: "leaf" }, form: "own" } as unknown as Op;
    (opTable as Map<string, Op>).set("split", op);
    try {
      const text = `graph g(%x: f32[3]) {
  %0:2 = split %x : f32[1], f32[2]
  %1 = exp %0.1 : f32[2]
  output first = %0.0
  output second = %1
}`;
      expect(printGraph(parseGraph(text))).toBe(text);
    } finally {
      (opTable as Map<string, Op>).delete("split");
    }
  });

  test("on names that clash or hold characters of the grammar", () => {
    const maker = new GraphMaker("model: v2");
    const values = [
      maker.input("w", [2]),
      maker.parameter("w", [2]),
      maker.parameter("fc1/w", [2]),
      maker.input("%odd,", [2]),
    ];
    const total = values.reduce((a, b) => add(a, b) as Value);
    const graph = maker.graph({ total });
    expect(printGraph(graph).split("\n")[0]).toBe(
      'graph "model: v2"(%w: f64[2], %"%odd,": f64[2], param %w#2: f64[2], param %fc1/w: f64[2]) {',
    );
    roundTrip(graph);
  });

  test("on a head too long for one line, which has a line for each", () => {
    const maker = new GraphMaker();
    const values = Array.from({ length: 12 }, (_, i) => maker.input(`input_${i}`, [2, 3]));
    const graph = maker.graph({ total: values.reduce((a, b) => add(a, b) as Value) });
    expect(printGraph(graph).split("\n")[1]).toBe("    %input_0: f64[2,3],");
    roundTrip(graph);
  });
});

describe("constants", () => {
  const single = (dtype: DType, value: number): string => printNumber(arrayOf(dtype, [value])[0]!, dtype);

  test("f32 prints the shortest decimal that reads back exactly", () => {
    expect(single("f32", 0.1)).toBe("0.1");
    expect(single("f64", Math.fround(0.1))).toBe("0.10000000149011612");
    expect(single("f32", 1 / 3)).toBe("0.33333334");
    expect(single("f32", 3.4028234663852886e38)).toBe("3.4028235e+38");
    expect(single("f32", 1e-45)).toBe("1e-45");
  });

  test("every f32 reads back to the bit", () => {
    const bits = new Uint32Array(1);
    const float = new Float32Array(bits.buffer);
    for (let i = 0; i < 20_000; i++) {
      bits[0] = Math.imul(i, 0x9e3779b1);
      const back = Math.fround(parseNumber(printNumber(float[0]!, "f32"))!);
      expect(Object.is(back, float[0])).toBe(true);
    }
  });

  test("infinities, NaN and −0 keep", () => {
    const text = `graph g() {
  %0 = constant {value=[inf,-inf,nan,-0,1e-7]} : f32[5]
  %1 = constant {value=-0} : f64[]
  output a = %0
  output b = %1
}`;
    const graph = parseGraph(text);
    expect(printGraph(graph)).toBe(text);
    expect(graph.outputs.get("a")!.node.attrs.value).toEqual(new Float32Array([Infinity, -Infinity, NaN, -0, 1e-7]));
  });

  test("a long one prints its length, and such a text does not parse", () => {
    const builder = new Builder("g");
    const value = builder.apply(constant, [], { value: new Float32Array(1000), dtype: "f32", shape: [1000] })[0]!;
    const graph: Graph = {
      name: "g",
      builder,
      inputs: [],
      parameters: [],
      outputs: new Map([["return", value]]),
      updates: new Map(),
      effects: [],
    };
    const text = "graph g() {\n  %0 = constant {value=#1000} : f32[1000]\n  return %0\n}";
    expect(printGraph(graph)).toBe(text);
    expect(() => parseGraph(text)).toThrow("line 2, column 24: this constant was printed without its numbers");
    roundTrip(graph);
  });
});

test("a named size called like a word of the text is in parentheses", () => {
  const text = "graph g(%x: f32[nan]) {\n  %0 = reshape %x {shape=[(nan),1]} : f32[nan,1]\n  return %0\n}";
  expect(printGraph(parseGraph(text))).toBe(text);
});

test("attributes of every kind print", () => {
  const attrs = {
    a: null,
    b: true,
    c: "x\ny",
    d: [1, -0, 2.5],
    e: { deep: [Infinity] },
    f: new Int32Array([1, 2]),
    g: undefined,
  };
  expect(printAttrs(attrs)).toBe('{a=null, b=true, c="x\\ny", d=[1,-0,2.5], e={deep=[inf]}, f=i32[1,2]}');
});

test("origins print as comments, which the parser skips", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", [2]);
  const y = withScope("mlp", () => withScope("fc1", () => exp(x)));
  const graph = maker.graph({ return: y });
  const lines = printGraph(graph, { origins: true }).split("\n");
  expect(lines[1]).toMatch(/^ {2}%0 = exp %x : f64\[2\] +\/\/ test\/ir\/graph-text\.test\.ts:\d+:\d+ {2}mlp\/fc1$/);
  expect(printGraph(parseGraph(lines.join("\n")))).toBe(printGraph(graph));
});

describe("what does not parse is a ParseError with line, column and the place", () => {
  const cases: readonly (readonly [what: string, text: string, message: string])[] = [
    [
      "an unknown op",
      layer.replace("matmul", "matmull"),
      'line 2, column 8: there is no op "matmull"\n  2 |   %0 = matmull %x, %w : f32[4,2]\n    |        ^',
    ],
    [
      "a type that is not the inferred one",
      layer.replace("f32[4,2]\n  %1", "f32[4,3]\n  %1"),
      "line 2, column 24: matmul gives f32[4,2], not f32[4,3]\n  2 |   %0 = matmul %x, %w : f32[4,3]\n    |                        ^",
    ],
    [
      "a value that is not defined",
      layer.replace("%b {", "%c {"),
      "line 3, column 18: %c is not defined above\n  3 |   %1 = broadcast %c {shape=[4,2], axes=[1]} : f32[4,2]\n    |                  ^",
    ],
    ["a second definition", layer.replace("%1 =", "%0 ="), "line 3, column 3: %0 is defined twice"],
    ["shapes that do not fit", layer.replace("f32[3,2]", "f32[5,2]"), "line 2, column 8: lhs has 3 columns but rhs has 5 rows"],
    ["too few operands", layer.replace("matmul %x, %w", "matmul %x"), "line 2, column 8: matmul takes 2 operands, not 1"],
    ["an unknown dtype", layer.replace("%x: f32", "%x: f23"), 'line 1, column 17: there is no dtype "f23"'],
    ["a missing brace", layer.slice(0, -1), 'line 6, column 1: expected a statement: "%0 = …", "return", "output", "update", "effect", or "}", found the end of the text'],
    ["a missing colon", layer.replace(" : f32[4,2]\n  return", " f32[4,2]\n  return"), 'line 4, column 19: expected ":", found "f32"'],
    ["a missing comma", layer.replace("axes", " axes").replace(",  axes", " axes"), 'line 3, column 34: expected "," or "}", found "axes"'],
    ["text after the graph", `${layer}\ngraph`, "line 7, column 1: expected the end of the text after the graph"],
    ["a parameter with a named size", layer.replace("%b: f32[2]", "%b: f32[n]"), "line 1, column 57: a parameter has no named sizes"],
    ["an update of something else", layer.replace("return %2", "update %x = %x"), "line 5, column 3: only parameters are updated"],
    ["an output given twice", layer.replace("return %2", "output a = %2\n  output a = %2"), 'line 6, column 3: the output "a" is given twice'],
    ["an attribute that is no value", layer.replace("[1]", "[1*]"), 'line 3, column 41: size: "1*" does not parse at column 3'],
    ["a wrong attribute", layer.replace(", axes=[1]", ""), "line 3, column 8: broadcast does not understand these attributes"],
    ["no graph at all", "hello", 'line 1, column 1: expected "graph", found "hello"'],
  ]; // prettier-ignore
  test.each(cases)("%s", (_, text, message) => {
    let error: Error | null = null;
    try {
      parseGraph(text);
    } catch (e) {
      error = e as Error;
    }
    expect(error?.name).toBe("ParseError");
    expect(error?.message.slice(0, message.length)).toBe(message);
  });
});
