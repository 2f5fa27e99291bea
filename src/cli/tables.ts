// How tables look.
import type { TableConstructorOptions } from "cli-table3";

/** Without colours, so that output can be piped and compared. */
export const plainTable: TableConstructorOptions = { style: { head: [], border: [] } };
