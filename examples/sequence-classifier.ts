// Classifying sequences of words: embedding, LSTM, dense layer. The words are made up; their order matters.
import { data, defineModel, nn, optim } from "gradloom";

const [words, classes, time, batchSize, batchesPerEpoch] = [10_000, 10, 32, 32, 200];
/** Words 0 to 19 tell of class 0, and so on; the rest tells of nothing. */
const wordsPerClass = 20;

/** Sequences in which four words tell of classes: the last of them is right. */
function batch(seed: number) {
  const random = data.seeded(seed);
  const ids = Int32Array.from({ length: batchSize * time }, () => {
    const common = wordsPerClass * classes;
    return common + random.int(words - common);
  });
  const y = new Int32Array(batchSize);
  for (let row = 0; row < batchSize; row++) {
    const places = random.shuffle(Array.from({ length: time }, (_, t) => t)).slice(0, 4);
    for (const t of places.sort((a, b) => a - b)) {
      y[row] = random.int(classes);
      ids[row * time + t] = y[row]! * wordsPerClass + random.int(wordsPerClass);
    }
  }
  return { ids, y };
}

const batches = (first: number, count: number) => Array.from({ length: count }, (_, i) => batch(first + i));

export default defineModel({
  name: "sequence-classifier",
  doc: "Embedding(10000, 64), LSTM(128) and a dense layer tell which of ten classes a sequence of 32 words named last.",
  seed: 1,
  inputs: { ids: { shape: ["batch", time], dtype: "i32" }, y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.embedding(words, 64), nn.lstm(64, 128, { returns: "last" }), nn.dense(128, classes)),
  build: ({ ids, y }, model) => {
    const logits = model(ids);
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ label: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.005 }),
  data: () => ({
    batches: (epoch) => batches(1 + epoch * batchesPerEpoch, batchesPerEpoch),
    batchesPerEpoch,
    test: () => batches(1_000_000, 30),
  }),
  epochs: 5,
  evaluate: (predict, { test }) => {
    let [right, all] = [0, 0];
    const counts = new Array<number>(classes).fill(0);
    for (const { ids, y } of test!() as ReturnType<typeof batches>) {
      const { data: found } = predict({ ids }).label;
      y.forEach((label, row) => {
        right += Number(found[row] === label);
        counts[label]! += 1;
      });
      all += y.length;
    }
    return { "test accuracy": right / all, "of the most frequent class": Math.max(...counts) / all };
  },
});
