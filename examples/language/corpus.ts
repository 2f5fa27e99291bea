// A text as ids: its characters, or its words and punctuation, those that are rare as one unknown token.
import { readFileSync } from "node:fs";

/** What the tokens of a text are. */
export type Unit = "characters" | "words";

/** The text of a novel, with a line break between paragraphs and a space between words. Its origin: data/README.md. */
export function novel(): string {
  const lines = readFileSync(new URL("../data/persuasion.txt", import.meta.url), "utf8");
  const paragraphs = lines.split(/\n\s*\n/).map((paragraph) => paragraph.split(/\s+/).join(" ").trim());
  return paragraphs.filter((paragraph) => paragraph !== "").join("\n");
}

/** The tokens of a text: characters; or words in small letters, numbers, dashes, line breaks and other signs. */
export function tokensOf(text: string, unit: Unit): readonly string[] {
  if (unit === "characters") return [...text];
  return text.toLowerCase().match(/\p{L}+(?:['-]\p{L}+)*|\p{N}+|--|\n|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** Tokens as text again. Words have lost their capitals; spaces stand where they usually do. */
export function textOf(tokens: readonly string[], unit: Unit): string {
  if (unit === "characters") return tokens.join("");
  return tokens
    .join(" ")
    .replace(/ ([,.;:!?)]|--) ?/g, (_, sign: string) => (sign === "--" ? "--" : `${sign} `))
    .replace(/ ?\n ?/g, "\n")
    .trim();
}

/** The tokens that a model knows, by their ids; id 0 stands for all others. */
export class Vocabulary {
  readonly tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** Of tokens that are found at least `least` times: the most frequent first, those of one frequency as they first come. */
  constructor(found: readonly string[], least: number) {
    const counts = new Map<string, number>();
    for (const token of found) counts.set(token, (counts.get(token) ?? 0) + 1);
    const known = [...counts].filter(([, count]) => count >= least).sort(([, a], [, b]) => b - a);
    this.tokens = ["\u{FFFD}", ...known.map(([token]) => token)];
    this.#ids = new Map(this.tokens.map((token, id) => [token, id]));
  }

  get size(): number {
    return this.tokens.length;
  }

  encode(tokens: readonly string[]): Int32Array {
    return Int32Array.from(tokens, (token) => this.#ids.get(token) ?? 0);
  }

  decode(ids: ArrayLike<number>): readonly string[] {
    return Array.from(ids, (id) => this.tokens[id]!);
  }
}

/** What is trained on, and what is held out. */
export interface Corpus {
  readonly unit: Unit;
  readonly vocabulary: Vocabulary;
  readonly train: Int32Array;
  readonly held: Int32Array;
}

/** The first nine tenths of a text to train on, the rest held out; the vocabulary is that of the first part. */
export function corpusOf(text: string, unit: Unit, least: number): Corpus {
  const tokens = tokensOf(text, unit);
  const cut = Math.floor(tokens.length * 0.9);
  const [first, rest] = [tokens.slice(0, cut), tokens.slice(cut)];
  const vocabulary = new Vocabulary(first, least);
  return { unit, vocabulary, train: vocabulary.encode(first), held: vocabulary.encode(rest) };
}

/** Ids, and those that follow them. */
export type Window = Readonly<Record<"x" | "y", Int32Array>>;

/**
 * Windows of `[rows, steps]` through a text cut into `rows` parts. Each row goes on where it ended in the window before, and
 * where it ended in the epoch before: then it reads the part that follows. What is left at the end is not read.
 */
export function* windows(ids: Int32Array, rows: number, steps: number, epoch: number): Generator<Window> {
  const part = windowsIn(ids, rows, steps) * steps;
  for (let at = 0; at < part; at += steps) {
    const [x, y] = [new Int32Array(rows * steps), new Int32Array(rows * steps)];
    for (let row = 0; row < rows; row++) {
      const from = ((row + epoch) % rows) * part + at;
      x.set(ids.subarray(from, from + steps), row * steps);
      y.set(ids.subarray(from + 1, from + 1 + steps), row * steps);
    }
    yield { x, y };
  }
}

/** How many there are in an epoch. */
export function windowsIn(ids: Int32Array, rows: number, steps: number): number {
  return Math.floor((ids.length - 1) / (rows * steps));
}
