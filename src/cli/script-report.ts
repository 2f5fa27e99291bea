// A script's report on the command line: printed as it comes, and kept for the folder given by --out.
import Table from "cli-table3";
import { join } from "node:path";
import type { Cell, Picture, Report } from "../report.js";
import { writeWhole } from "../files/write-whole.js";
import { threeDigits } from "../amounts.js";
import { CommandError } from "./failure.js";
import { longTable, plainList, plainTable } from "./tables.js";

/** A part of a report, in JSON; a picture is a file beside it. */
export type Part =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "list"; readonly entries: readonly (readonly [name: string, text: string])[] }
  | { readonly kind: "picture"; readonly name: string; readonly file: string };

/** What a script said of itself, and told. */
export interface ScriptStory {
  readonly script: string;
  readonly name: string;
  readonly doc: string;
  readonly mode: string;
  readonly seconds: number;
  readonly parts: readonly Part[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Prints, unless it is quiet. */
export class ScriptReport implements Report {
  readonly parts: Part[] = [];
  readonly found: Record<string, number> = {};
  readonly #pictures = new Map<string, Picture>();
  readonly #drawing: Promise<void>[] = [];

  constructor(readonly quiet: boolean) {}

  line(text: string): void {
    this.parts.push({ kind: "line", text });
    this.#print(text);
  }

  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    this.parts.push({ kind: "table", head, rows });
    const style = rows.length > 16 ? longTable : plainTable;
    const table = new Table({ ...style, head: [...head], colAligns: alignments(head, rows) });
    table.push(...rows.map((row) => row.map(cellText)));
    this.#print(table.toString());
  }

  picture(name: string, picture: Picture | Promise<Picture>): Promise<void> {
    const file = `${name.replaceAll(/[^\w-]+/g, "-")}.svg`;
    if (this.parts.some((part) => part.kind === "picture" && part.file === file))
      throw new CommandError(`the script shows two pictures called ${name}`);
    this.parts.push({ kind: "picture", name, file });
    const drawn = this.#show(name, picture);
    this.#drawing.push(drawn);
    return drawn;
  }

  figures(values: Readonly<Record<string, number>>): void {
    Object.assign(this.found, values);
  }

  /** Names and what they stand for, a line each. */
  list(entries: readonly (readonly [name: string, text: string])[]): void {
    if (entries.length === 0) return;
    this.parts.push({ kind: "list", entries });
    const table = new Table(plainList);
    table.push(...entries.map(([name, text]) => [name, text]));
    this.#print(table.toString());
  }

  /** When all pictures are drawn; throws where one could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.#drawing);
  }

  /** Writes the pictures and `report.json` to a folder; gives the files. */
  async write(folder: string, story: Omit<ScriptStory, "parts" | "figures">): Promise<readonly string[]> {
    await this.settled();
    const files: string[] = [];
    for (const part of this.parts) {
      if (part.kind !== "picture") continue;
      const file = join(folder, part.file);
      await writeWhole(file, this.#pictures.get(part.name)!.svg);
      files.push(file);
    }
    const { parts, found: figures } = this;
    const whole: ScriptStory = { ...story, parts, figures };
    const file = join(folder, "report.json");
    await writeWhole(file, `${JSON.stringify(whole, null, 2)}\n`);
    return [...files, file];
  }

  async #show(name: string, picture: Picture | Promise<Picture>): Promise<void> {
    const ready = await picture;
    this.#pictures.set(name, ready);
    this.#print(`\n${ready.text}\n`);
  }

  #print(text: string): void {
    if (!this.quiet) console.log(text);
  }
}

/** A figure as people read it. */
export function figureText(value: number): string {
  return Number.isInteger(value) ? String(value) : Math.abs(value) >= 1e-3 ? value.toFixed(4) : threeDigits(value);
}

/** A cell as people read it: numbers are shown as they are given. */
export const cellText = (cell: Cell): string => String(cell);

/** Columns that hold a number, or nothing but amounts, stand at the right. */
export function alignments(head: readonly string[], rows: readonly (readonly Cell[])[]): ("left" | "right")[] {
  return head.map((_, i) => {
    const cells = rows.map((row) => row[i]).filter((cell) => cell !== undefined && cell !== "");
    const amounts = cells.length > 0 && cells.every((cell) => typeof cell === "number" || amount.test(cell!));
    return amounts || cells.some((cell) => typeof cell === "number") ? "right" : "left";
  });
}

/** `-0.5`, `1,234`, `≥ 4.5 G`, `12 KiB`. */
const amount = /^(≥ )?[-−]?\d[\d,]*(\.\d+)?( ?[A-Za-zµ%]{1,5})?$/;
