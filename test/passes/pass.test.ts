// The runner of passes and the rewriter: what they show, whom they blame, where they stop.
import { describe, expect, test } from "vitest";
import { GraphError, InternalError } from "#ir/errors.js";
import { nodesOf, type Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as op from "#ir/ops/index.js";
import { printGraph } from "#ir/print-graph.js";
import { verifyGraph } from "#ir/verify-graph.js";
import { runPass, runPasses, type Pass } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { rewrite, ruleSet } from "#passes/rewrite.js";
import { specialize } from "#passes/specialize.js";
import { GraphMaker } from "../graphs.js";

function graphOf(build: (x: Operand) => Operand): Graph {
  const maker = new GraphMaker();
  return maker.graph({ return: build(maker.input("x", [3])) });
}

const nothing: Pass<Graph> = { name: "nothing", doc: "Nothing.", run: (graph) => graph };

describe("the runner", () => {
  test("shows observers every pass, before and after, and every rule", () => {
    const seen: string[] = [];
    const before = graphOf((x) => op.add(op.neg(op.neg(x)), 0));
    const after = runPasses(before, graphPasses, {
      observe: {
        before: (pass, ir) => seen.push(`${pass}${ir === before ? " of the first" : ""}`),
        rule: (_, rule) => seen.push(rule),
        after: (pass, _, ms) => seen.push(`${pass} done${ms >= 0 ? "" : " in no time"}`),
      },
    });
    expect(printGraph(after)).toBe("graph g(%x: f64[3]) {\n  return %x\n}");
    expect(seen.slice(0, 2)).toEqual(["merge-loops of the first", "merge-loops done"]);
    expect(seen.filter((line) => line.includes("→"))).toEqual(["−−x → x", "x + 0 → x"]);
    expect(seen.filter((line) => line.endsWith(" done"))).toEqual(graphPasses.map((pass) => `${pass.name} done`));
  });

  test("blames a pass that fails by name", () => {
    const failing: Pass<Graph> = {
      ...nothing,
      name: "clumsy",
      run: () => {
        throw new TypeError("x is undefined");
      },
    };
    expect(() =>
      runPass(
        graphOf((x) => x),
        failing,
      ),
    ).toThrow(InternalError);
    expect(() =>
      runPass(
        graphOf((x) => x),
        failing,
      ),
    ).toThrow("pass clumsy failed: x is undefined");
  });

  test("blames a pass that breaks an invariant by name, with the invariant", () => {
    const breaking: Pass<Graph> = { ...nothing, name: "clumsy", run: (graph) => ({ ...graph, inputs: [] }) };
    const run = () =>
      runPass(
        graphOf((x) => op.exp(x)),
        breaking,
        { verify: verifyGraph },
      );
    expect(run).toThrow(InternalError);
    expect(run).toThrow(
      "pass clumsy left an invalid result: graph g is not valid:\n  invariant 7: this input is not listed",
    );
  });

  test("passes the user's errors on as they are", () => {
    expect(() => runPass(graphOf((x) => x), { ...nothing, run: () => { throw new GraphError("yours"); } })).toThrow(GraphError); // prettier-ignore
  });
});

describe("the rewriter", () => {
  test("gives back the graph itself where no rule applies", () => {
    const graph = graphOf((x) => op.exp(x));
    expect(rewrite(graph, ruleSet([op.tanh, { name: "tanh → exp", apply: (_, [x]) => op.exp(x!) }]))).toBe(graph);
  });

  test("names the rules that go in circles", () => {
    const circle = ruleSet(
      [op.sin, { name: "sin x → cos x", apply: (_, [x]) => op.cos(x!) }],
      [op.cos, { name: "cos x → sin x", apply: (_, [x]) => op.sin(x!) }],
    );
    expect(() =>
      rewrite(
        graphOf((x) => op.sin(x)),
        circle,
      ),
    ).toThrow('rewrite: rules go in circles: "sin x → cos x", "cos x → sin x"');
  });

  test("names the rule that makes ever new nodes", () => {
    const growing = ruleSet([
      op.pad,
      {
        name: "pad x → pad more",
        apply: (node, [x]) => op.pad(op.exp(x!), [0], [0], (node.attrs.value as number) + 1),
      },
    ]);
    expect(() =>
      rewrite(
        graphOf((x) => op.pad(x, [0], [0])),
        growing,
      ),
    ).toThrow('rewrite: no end in sight; the rule "pad x → pad more" was applied 1101 times');
  });

  test("names the rule that changes a type", () => {
    const wrong = ruleSet([op.exp, { name: "exp x → sum x", apply: (_, [x]) => op.sum(x!) }]);
    expect(() =>
      rewrite(
        graphOf((x) => op.exp(x)),
        wrong,
      ),
    ).toThrow(`the rule "exp x → sum x" makes f64[] of exp's f64[3]`);
  });

  test("reaches the fixpoint of a chain of 10 000 nodes without recursion", () => {
    const graph = graphOf((x) => {
      let y = x;
      for (let i = 0; i < 10_000; i++) y = i % 2 === 0 ? op.mul(op.sin(y), 1) : op.neg(y);
      return y;
    });
    const after = runPasses(graph, graphPasses);
    verifyGraph(after);
    const used = nodesOf(after).map((node) => node.op.name);
    expect(used.filter((name) => name === "mul").length).toBe(0);
    expect(used.filter((name) => name === "sin").length).toBe(5000);
  });
});

describe("specialize", () => {
  const graph = new GraphMaker();
  const named = graph.graph({ return: op.exp(graph.input("x", ["batch", 2])) });

  test("demands a number for every named size", () => {
    expect(() => runPass(named, specialize({}))).toThrow('specialize: the size "batch" is not bound to a number');
  });

  test("demands a size", () => {
    expect(() => runPass(named, specialize({ batch: 1.5 }))).toThrow(
      'specialize: "batch" is bound to 1.5, which is no size',
    );
    expect(() => runPass(named, specialize({ batch: -1 }))).toThrow(
      'specialize: "batch" is bound to -1, which is no size',
    );
  });

  test("leaves the graph it is given as it was, and no named size in the other", () => {
    const made = named.builder.size;
    const out = runPass(named, specialize({ batch: 4 }), { verify: (ir) => verifyGraph(ir, { concrete: true }) });
    expect(out.builder).not.toBe(named.builder);
    expect(named.builder.size).toBe(made);
    expect(out.builder.originsOf(out.outputs.get("return")!.node)).toEqual(
      named.builder.originsOf(named.outputs.get("return")!.node),
    );
  });
});
