// A recurrent language model: trained on windows of a text with a state that goes on from one to the next, measured on
// what was held out, and asked to write on.
import { defineModel, metrics, nn, optim, type Tensor } from "gradloom";
import { corpusOf, novel, textOf, type Unit, type Window, windows, windowsIn } from "./corpus.js";
import { kneserNey, perplexityOf } from "./n-gram.js";

/** Recurrent layers by the names that `nn` has for them. */
export type Kind = "rnn" | "lstm" | "gru";

/** What makes one language model differ from another. */
export interface LanguageOptions {
  readonly name: string;
  readonly doc: string;
  readonly unit: Unit;
  /** Tokens that are found less often in training are one unknown token. */
  readonly least: number;
  /** Models side by side, trained on the same windows; each has a loss and parameters of its own. */
  readonly kinds: readonly Kind[];
  /** Numbers of an embedding, and of a state. */
  readonly width: number;
  readonly units: number;
  /** What of the embedding and of the layer's outputs is dropped in training. */
  readonly dropout: number;
  /** How many places of the text are read at once, and how many steps gradients go back. */
  readonly rows: number;
  readonly steps: number;
  readonly lr: number;
  readonly epochs: number;
  /** Orders of the n-grams that they are compared with. */
  readonly orders: readonly number[];
  /** Of what they write. */
  readonly temperature: number;
  readonly length: number;
}

/** One kind: an embedding, the recurrent layer, and a dense layer that makes logits. */
function reader(kind: Kind, size: number, { width, units, dropout, rows }: LanguageOptions) {
  const layer = nn[kind](width, units) as nn.Recurrent;
  return {
    table: nn.embedding(size, width),
    layer,
    // In training it begins with the state that it ended with in the step before.
    carried: nn.stateful(layer, rows),
    drop: nn.dropout(dropout),
    head: nn.dense(units, size),
  };
}
type Reader = ReturnType<typeof reader>;

/** The mean loss of a window. */
function trained({ table, carried, drop, head }: Reader, x: Tensor, y: Tensor, call: nn.Call): Tensor {
  const hidden = carried(drop(table(x), call), call);
  return nn.softmaxCrossEntropy(head(drop(hidden, call)), y).mean();
}

/** The mean loss of texts that are read from their beginnings, and what the model writes after them. */
function read({ table, layer, head }: Reader, x: Tensor, y: Tensor, options: nn.GenerateOptions) {
  const { output, state } = layer.run(table(x));
  const next: nn.NextIds<typeof state> = (ids, before) => {
    const [hidden, after] = layer.step(table(ids), before);
    return [head(hidden), after];
  };
  const rows = y.shape[0]!;
  const [ids] = nn.generate(next, y.slice([0, -1], [rows, 1]).reshape([rows]), state, options);
  return { loss: nn.softmaxCrossEntropy(head(output), y).mean(), ids };
}

/** Reads the novel only when it is needed. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** The model of a script. */
export function languageModel(options: LanguageOptions) {
  const { name, doc, unit, least, kinds, rows, steps, lr, epochs, orders, temperature, length } = options;
  const corpus = lazily(() => corpusOf(novel(), unit, least));
  const batchesPerEpoch = lazily(() => windowsIn(corpus().train, rows, steps));
  return defineModel({
    name,
    doc,
    seed: 1,
    inputs: {
      x: { shape: [rows, "time"], dtype: "i32" },
      y: { shape: [rows, "time"], dtype: "i32" },
      temperature: [],
    },
    model: () => kinds.map((kind) => reader(kind, corpus().vocabulary.size, options)),
    build: ({ x, y, temperature }, readers, call) => ({
      loss: () => sumOf(readers.map((one) => trained(one, x, y, call))).div(kinds.length),
      outputs: () => {
        const made = readers.map((one) => read(one, x, y, { length, temperature }));
        const named = made.flatMap(({ loss, ids }, i) => [
          [kinds[i]!, loss] as const,
          [`${kinds[i]!} writes`, ids] as const,
        ]);
        return Object.fromEntries(named) as Record<string, Tensor>;
      },
    }),
    optimizer: () => {
      const schedule = optim.schedules.cosine({ lr, steps: epochs * batchesPerEpoch() });
      return optim.adam({ lr: schedule, clip: { globalNorm: 1 } });
    },
    data: () => ({
      batches: (epoch) => windows(corpus().train, rows, steps, epoch),
      batchesPerEpoch: batchesPerEpoch(),
      // All that is held out, in parts that are read from their beginnings to their ends.
      test: () => windows(corpus().held, rows, windowsIn(corpus().held, rows, 1), 0),
    }),
    epochs,
    evaluate: (predict, { test }) => {
      const [window] = [...test!()] as Window[];
      const found = predict({ ...window!, temperature: [temperature] });
      const { vocabulary, train, held } = corpus();
      const perplexities = kinds.map(
        (kind) => [`perplexity, ${kind}`, metrics.perplexity(found[kind]!.data[0]!)] as const,
      );
      const baselines = orders.map((order) => {
        const model = kneserNey(train, vocabulary.size, order);
        return [`perplexity, ${order}-gram`, perplexityOf(model, held, order)] as const;
      });
      const before = vocabulary.decode(window!.y.subarray(0, window!.y.length / rows).slice(-20));
      const samples = kinds.map((kind) => {
        const ids = Array.from(found[`${kind} writes`]!.data.subarray(0, length));
        return [`${kind} writes`, textOf([...before, "…", ...vocabulary.decode(ids)], unit)] as const;
      });
      return Object.fromEntries([...perplexities, ...baselines, ...samples]);
    },
  });
}

const sumOf = (losses: readonly Tensor[]): Tensor => losses.reduce((sum: Tensor, loss): Tensor => sum.add(loss));
