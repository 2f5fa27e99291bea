// Random shapes, forward and gradient, against a library we did not write: TensorFlow.js on its plain cpu backend.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { isFloat } from "#ir/dtype.js";
import type { Value } from "#ir/node.js";
import { elementCount } from "#ir/size.js";
import { tensorType } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { difference } from "../compare.js";
import { measure } from "../magnitudes.js";
import { generator, integer, seed } from "../random.js";
import { graphOf, inputsOf } from "./cases.js";
import { evaluators } from "./evaluators.js";
import { gradientsOf, prepareTensorFlow } from "./tensorflow.js";
import { trials } from "./trials/index.js";
import type { Domain } from "./trials/trial.js";

const repeats = 4;
const names = Object.keys(trials);

// Its gradients are loaded from source, which takes long on a busy machine.
beforeAll(prepareTensorFlow, 240_000);

describe.each(evaluators)(`$name agrees with TensorFlow.js, seed ${seed}`, ({ run }) => {
  test.each(names)("%s", (name) => {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const next = generator(seed + 1000 * names.indexOf(name) + repeat);
      const { shapes, ours, theirs, domain = "any", k = 16, gradient: hasGradient = true } = trials[name]!(next);
      const feeds = shapes.map((shape) => elements(next, elementCount(shape), domain));
      const theirInputs = feeds.map((data, i) => tf.tensor(data, [...shapes[i]!]));
      const theirResult = theirs(...theirInputs);

      const { builder, inputs } = inputsOf([...shapes, theirResult.shape].map((shape) => tensorType("f32", shape)));
      const [xs, weights] = [inputs.slice(0, -1), inputs.at(-1)!];
      const result = ours(...xs) as Value;
      expect(result.type.shape, "shape").toEqual(theirResult.shape);

      const outputs = [result];
      const expected = [theirResult];
      const allFeeds = [...feeds, elements(next, theirResult.size, "unit")];
      if (hasGradient) {
        outputs.push(...(gradient([result], xs, { cotangents: [weights], unconnected: "zero" }) as readonly Value[]));
        expected.push(...gradientsOf(theirs, theirInputs, tf.tensor(allFeeds.at(-1)!, theirResult.shape)));
      }
      const graph = graphOf(builder, inputs, outputs);
      const truth = measure(outputs, new Map(graph.inputs.map((node, i) => [node, allFeeds[i]!])));
      const results = run(graph, allFeeds);
      outputs.forEach((output, i) => {
        const { dtype } = output.type;
        const what = `${i === 0 ? "result" : `gradient ${i}`} of ${JSON.stringify(shapes)}`;
        const how = { dtype, k, scale: isFloat(dtype) ? truth.get(output)!.scale : undefined };
        expect(difference(results.get(`y${i}`)!, expected[i]!.dataSync(), how), what).toBeNull();
      });
    }
  });
});

/** Distinct numbers of a domain, in any order: ties would make a gradient a matter of taste. */
function elements(next: () => number, length: number, domain: Domain): Float32Array {
  const order = Array.from({ length }, (_, i) => ({ i, key: next() })).sort((a, b) => a.key - b.key);
  return Float32Array.from(order, ({ i }) => {
    const u = (i + 0.1 + 0.8 * next()) / length;
    switch (domain) {
      case "any":
        return 4 * u - 2;
      case "positive":
        return 0.1 + 3 * u;
      case "unit":
        return 2 * u - 1;
      case "rough":
        return integer(next, -3, 3) + (next() < 0.5 ? 0.1 : 0.6) + 0.3 * u;
    }
  });
}
