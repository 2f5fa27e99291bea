// What a script tells: lines, tables, pictures and figures. Who runs it prints them, or puts them on a page.

/** A picture in both forms. */
export interface Picture {
  /** An SVG document. */
  readonly svg: string;
  /** Lines for a terminal. */
  readonly text: string;
}

/** A cell of a table. */
export type Cell = string | number;

/** Takes what a script tells, in its order. */
export interface Report {
  /** A line, or several. */
  line(text: string): void;
  /** A table: names of columns, then rows. Numbers stand at the right. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void;
  /** A picture, under a name of its own that makes a file name. */
  picture(name: string, picture: Picture | Promise<Picture>): Promise<void>;
  /** Numbers to compare runs by, such as `{ accuracy: 0.94 }`. */
  figures(values: Readonly<Record<string, number>>): void;
}

/** A report that only remembers its figures: for tests, and for scripts that run others. */
export class SilentReport implements Report {
  readonly found: Record<string, number> = {};

  line(): void {}

  table(): void {}

  async picture(_: string, picture: Picture | Promise<Picture>): Promise<void> {
    await picture;
  }

  figures(values: Readonly<Record<string, number>>): void {
    Object.assign(this.found, values);
  }
}
