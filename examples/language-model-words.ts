// Three recurrent layers read a novel, word by word, and write on. Rare words are one unknown word.
import { languageModel } from "./language/model.js";

export default languageModel({
  name: "language-model-words",
  doc: "An RNN, an LSTM and a GRU of 128 states learn to tell the next word of a novel.",
  unit: "words",
  least: 3,
  kinds: ["rnn", "lstm", "gru"],
  width: 64,
  units: 128,
  dropout: 0.4,
  rows: 16,
  steps: 32,
  lr: 0.005,
  epochs: 8,
  orders: [3],
  temperature: 0.7,
  length: 80,
});
