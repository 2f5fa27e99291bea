// Tables of plain text, for `toString`, which must work everywhere.

/** Rows of cells as lines: columns as wide as their widest cell, the first `left` aligned to the left, all others to the right. */
export function textTable(rows: readonly (readonly string[])[], left = 0): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const padded = (cell: string, i: number) => (i < left ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!));
  return rows.map((row) => row.map(padded).join("  ")).join("\n");
}
