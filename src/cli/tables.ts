// How tables look.
import type { TableConstructorOptions } from "cli-table3";

/** Without colours, so that output can be piped and compared. */
export const plainTable: TableConstructorOptions = { style: { head: [], border: [] } };

/** A list of names and values: no line between rows. */
export const plainList: TableConstructorOptions = {
  ...plainTable,
  chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  colAligns: ["left", "right"],
};
