// Reads text token by token, and makes errors that show the line, the place in it and what was expected there.
import { GraphError, ParseError } from "./errors.js";

/** A cursor over a text. White space and `//` comments before a token are skipped. */
export class Scanner {
  #at = 0;

  constructor(readonly text: string) {}

  /** Where the next token starts, as an offset into the text. */
  get at(): number {
    const blank = /(?:\s|\/\/[^\n]*)*/y;
    blank.lastIndex = this.#at;
    this.#at += blank.exec(this.text)![0].length;
    return this.#at;
  }

  /** The next token if it matches `pattern`, consumed; else null. */
  take(pattern: RegExp): string | null {
    const sticky = new RegExp(pattern.source, "y");
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (!found || found[0] === "") return null;
    this.#at += found[0].length;
    return found[0];
  }

  /** The next token, which must match `pattern`. Throws ParseError: `expected …, found …`. */
  expect(pattern: RegExp, what: string): string {
    return this.take(pattern) ?? this.fail(`expected ${what}, found ${this.#next()}`);
  }

  /** Takes `symbol`, or throws ParseError. */
  symbol(symbol: string): void {
    if (!this.take(literally(symbol))) this.fail(`expected "${symbol}", found ${this.#next()}`);
  }

  /** Takes `symbol` if it is next. */
  skip(symbol: string): boolean {
    return this.take(literally(symbol)) !== null;
  }

  /** Items between brackets, separated by commas; a last comma is allowed. */
  list<T>(open: string, item: () => T, close: string): T[] {
    const items: T[] = [];
    this.symbol(open);
    while (!this.skip(close)) {
      items.push(item());
      if (this.skip(",")) continue;
      if (!this.skip(close)) this.fail(`expected "," or "${close}", found ${this.#next()}`);
      break;
    }
    return items;
  }

  /** Runs `build`, whose complaints become ParseErrors at the offset `at`. */
  place<T>(at: number, build: () => T): T {
    try {
      return build();
    } catch (error) {
      if (error instanceof ParseError) throw error;
      if (error instanceof GraphError) return this.fail(error.message.split("\n")[0]!, at);
      throw error;
    }
  }

  /** Throws a ParseError that shows the line of the offset `at`, with a caret under it. */
  fail(what: string, at = this.at): never {
    const before = this.text.slice(0, at).split("\n");
    const line = before.length;
    const column = before[line - 1]!.length + 1;
    const source = this.text.split("\n")[line - 1]!;
    const gutter = `  ${line} | `;
    const caret = `${" ".repeat(gutter.length - 2)}| ${" ".repeat(column - 1)}^`;
    throw new ParseError(`line ${line}, column ${column}: ${what}`, { lines: [`${gutter}${source}`, caret] });
  }

  #next(): string {
    const token = /"[^"\n]*"|[\w.]+|[^\s]/y;
    token.lastIndex = this.at;
    const found = token.exec(this.text)?.[0];
    return found === undefined ? "the end of the text" : found.startsWith('"') ? found : `"${found}"`;
  }
}

function literally(symbol: string): RegExp {
  return new RegExp(symbol.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + (/\w$/.test(symbol) ? "(?!\\w)" : ""));
}
