// A text as ids, the windows that a model is trained on, and the n-grams that it is compared with.
import { describe, expect, test } from "vitest";
import { corpusOf, novel, textOf, tokensOf, Vocabulary, windows, windowsIn } from "../../examples/language/corpus.js";
import { kneserNey, perplexityOf } from "../../examples/language/n-gram.js";

describe("the novel", () => {
  test("is one line per paragraph, without what a printed page needs", () => {
    const text = novel();
    expect(text.slice(0, 60)).toBe("Persuasion\nby\nJane Austen\n(1818)\nChapter 1\nSir Walter Elliot");
    expect(text).not.toMatch(/ {2}|\n\n| \n|\n /);
    expect(text.endsWith("national importance.\nFinis")).toBe(true);
  });

  test("is made of words and signs, which make text again", () => {
    const words = tokensOf('"Don\'t--well-known, in 1818!"\nNo.', "words");
    expect(words).toEqual(['"', "don't", "--", "well-known", ",", "in", "1818", "!", '"', "\n", "no", "."]);
    expect(textOf(words, "words")).toBe('" don\'t--well-known, in 1818! "\nno.');
    expect(textOf(tokensOf("Ab c", "characters"), "characters")).toBe("Ab c");
  });
});

describe("a vocabulary", () => {
  const vocabulary = new Vocabulary([..."abcabac"], 2);

  test("orders tokens by how often they are found, then by where", () => {
    expect(vocabulary.tokens.slice(1)).toEqual(["a", "b", "c"]);
  });

  test("knows all others as one unknown token", () => {
    expect([...vocabulary.encode([..."cxay"])]).toEqual([3, 0, 1, 0]);
    expect(vocabulary.decode([0, 2])).toEqual(["\u{FFFD}", "b"]);
    expect([...new Vocabulary([..."aab"], 2).encode([..."ab"])]).toEqual([1, 0]);
    expect(new Vocabulary([], 1).size).toBe(1);
    expect(new Vocabulary([..."ab"], 5).encode([..."ab"])).toEqual(Int32Array.of(0, 0));
  });

  test("is that of what is trained on: what is found later is unknown", () => {
    const { train, held, vocabulary: own } = corpusOf("ababababaz", "characters", 1);
    expect([...train]).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1]);
    expect([...held]).toEqual([0]);
    expect(own.size).toBe(3);
  });
});

describe("windows", () => {
  const ids = Int32Array.from({ length: 14 }, (_, i) => i);

  test("go on in each row where the one before ended, and tell what follows", () => {
    const [first, second, ...none] = [...windows(ids, 2, 3, 0)];
    expect(first).toEqual({ x: Int32Array.of(0, 1, 2, 6, 7, 8), y: Int32Array.of(1, 2, 3, 7, 8, 9) });
    expect(second!.x).toEqual(Int32Array.of(3, 4, 5, 9, 10, 11));
    expect(none).toHaveLength(0);
    expect(windowsIn(ids, 2, 3)).toBe(2);
  });

  test("of the next epoch begin where those of the epoch before ended", () => {
    const [next] = [...windows(ids, 2, 3, 1)];
    expect(next!.x).toEqual(Int32Array.of(6, 7, 8, 0, 1, 2));
  });

  test("of a text that is too short are none", () => {
    expect([...windows(ids, 2, 7, 0)]).toHaveLength(0);
  });
});

describe("interpolated Kneser–Ney", () => {
  // 0 1 0 1 0 2: of the pairs 01 and 10 are found twice, 02 once.
  const ids = [0, 1, 0, 1, 0, 2];

  test("of two ids is what it is by hand", () => {
    const model = kneserNey(ids, 3, 2);
    // D = 1/(1 + 2·2) = 1/5 for pairs. Each id follows one id alone: D = 3/(3 + 0) = 1 leaves 1/3 for each.
    expect(model([0], 1)).toBeCloseTo((2 - 1 / 5) / 3 + ((1 / 5) * (2 / 3)) / 3, 14);
    expect(model([0], 2)).toBeCloseTo((1 - 1 / 5) / 3 + ((1 / 5) * (2 / 3)) / 3, 14);
    expect(model([0], 0)).toBeCloseTo(((1 / 5) * (2 / 3)) / 3, 14);
    expect(model([1], 0)).toBeCloseTo((2 - 1 / 5) / 2 + ((1 / 5) * (1 / 2)) / 3, 14);
    // Nothing follows 2.
    expect(model([2], 1)).toBeCloseTo(1 / 3, 14);
    expect(model([], 1)).toBeCloseTo(1 / 3, 14);
  });

  test("of three ids is what it is by hand", () => {
    const model = kneserNey(ids, 3, 3);
    // 010 twice, 101 and 102 once: D = 2/(2 + 2·1) = 1/2. Each pair follows one id alone, D = 1, so pairs say 1/3 too.
    expect(model([1, 0], 1)).toBeCloseTo((1 - 1 / 2) / 2 + ((1 / 2) * (2 / 2)) / 3, 14);
    expect(model([0, 1], 0)).toBeCloseTo((2 - 1 / 2) / 2 + ((1 / 2) * (1 / 2)) / 3, 14);
    // Further back than three ids does not count.
    expect(model([2, 2, 0, 1], 0)).toBe(model([0, 1], 0));
    expect(perplexityOf(model, Int32Array.of(1, 0, 1), 3)).toBeCloseTo((model([1], 0) * model([1, 0], 1)) ** -0.5, 12);
  });

  test("gives all ids together one, whatever stands before", () => {
    const { train, held, vocabulary } = corpusOf(novel(), "words", 20);
    const model = kneserNey(train, vocabulary.size, 3);
    for (const at of [0, 1, 2, 500, 1001]) {
      const before = held.subarray(Math.max(0, at - 2), at);
      const sum = vocabulary.tokens.reduce((total, _, id) => total + model(before, id), 0);
      expect(sum).toBeCloseTo(1, 10);
    }
  });
});
