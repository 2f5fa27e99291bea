// Recurrent layers against those of @tensorflow/tfjs-layers 4.22.0 on its cpu backend. Its numbers stand in tfjs-layers.json:
// outputs of x `[2, 4, 3]` with two units, and the gradients of the sum of their squares by x and by the weights, which
// are all waves. Its GRU has the reset before; the other form is trained beside formulas in test/models.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compile, grad, Graph, nn, tensor, type Tensor } from "gradloom";

interface Reference {
  readonly shapes: readonly (readonly number[])[];
  readonly output: readonly number[];
  /** By x, the kernel, the recurrent kernel and the bias. */
  readonly gradients: readonly (readonly number[])[];
}
const references = JSON.parse(readFileSync(new URL("tfjs-layers.json", import.meta.url), "utf8")) as Readonly<
  Record<string, Reference>
>;

const waves = (count: number, at: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + at) * 0.9);
const shape = [2, 4, 3];

const layers: Readonly<Record<string, () => unknown>> = {
  "simpleRNN, tanh": () => nn.rnn(3, 2),
  "simpleRNN, relu": () => nn.rnn(3, 2, { activation: "relu" }),
  lstm: () => nn.lstm(3, 2),
  gru: () => nn.gru(3, 2, { reset: "before" }),
};

test.each(Object.keys(layers))("%s: outputs and gradients are those of tfjs-layers, in both modes", (name) => {
  const { shapes, output, gradients } = references[name]!;
  const layer = layers[name]!() as nn.Layer;
  expect(layer.parameters.map((p) => p.shape)).toEqual(shapes);
  layer.parameters.forEach((p, i) => p.assign(waves(p.count, 4 + i)));
  const all = (x: Tensor): readonly Tensor[] => {
    const y = layer(x);
    return [y, ...grad(y.mul(y).sum(), [x, ...layer.parameters])];
  };
  const want = [output, ...gradients];
  const eager = all(tensor(waves(24, 1), { shape }) as Tensor).map((y) => y.data());
  const graph = all(new Graph().input("x", shape) as unknown as Tensor);
  const results = compile({ outputs: Object.fromEntries(graph.map((y, i) => [`y${i}`, y])) }).run({ x: waves(24, 1) });
  for (const found of [eager, want.map((_, i) => results[`y${i}`]!.data)]) {
    want.forEach((numbers, i) => {
      expect(found[i]).toHaveLength(numbers.length);
      numbers.forEach((v, j) =>
        expect(Math.abs(found[i]![j]! - v) / (1 + Math.abs(v)), `${i}: element ${j}`).toBeLessThan(2e-6),
      );
    });
  }
});
