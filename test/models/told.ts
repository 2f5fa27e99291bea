// A report that keeps everything: what a test looks into.
import { type Picture, SilentReport } from "gradloom";

type Cell = string | number;

/** What a script told, by kind. */
export class Told extends SilentReport {
  readonly lines: string[] = [];
  readonly tables: { readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }[] = [];
  readonly pictures = new Map<string, Picture>();

  override line(text = ""): void {
    this.lines.push(text);
  }

  override table(head: readonly string[] = [], rows: readonly (readonly Cell[])[] = []): void {
    this.tables.push({ head, rows });
  }

  override async picture(name: string, picture: Picture | Promise<Picture>): Promise<void> {
    this.pictures.set(name, await picture);
  }
}
