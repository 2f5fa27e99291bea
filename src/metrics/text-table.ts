// Tables of plain text, for `toString`, which must work everywhere.

/** Rows of cells as lines: columns as wide as their widest cell, all aligned to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join("  ")).join("\n");
}
