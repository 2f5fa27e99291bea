// How tables look.
import type { TableConstructorOptions } from "cli-table3";

/** Without colours, so that output can be piped and compared. */
export const plainTable: TableConstructorOptions = { style: { head: [], border: [] } };

/** The same for many rows: no line between them. */
export const longTable: TableConstructorOptions = {
  ...plainTable,
  chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
};

/** A list of names and values. */
export const plainList: TableConstructorOptions = { ...longTable, colAligns: ["left", "right"] };
