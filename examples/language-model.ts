// Three recurrent layers read a novel, character by character, and write on.
import { languageModel } from "./language/model.js";

export default languageModel({
  name: "language-model",
  doc: "An RNN, an LSTM and a GRU of 128 states learn to tell the next character of a novel.",
  unit: "characters",
  least: 1,
  kinds: ["rnn", "lstm", "gru"],
  width: 32,
  units: 128,
  dropout: 0,
  rows: 32,
  steps: 64,
  lr: 0.005,
  epochs: 6,
  orders: [3, 5],
  temperature: 0.7,
  length: 300,
});
