export interface TextColumn {
  readonly heading: string;
  readonly align?: "left" | "right";
}

/** A table for the terminal: columns padded to their widest cell, two blanks between them. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map(({ heading }) => heading);
  const widths = heads.map((head, i) => Math.max(...[heads, ...rows].map((row) => (row[i] ?? "").length), head.length));
  const format = (row: readonly string[]) =>
    row
      .map((cell, i) => (columns[i]?.align === "left" ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [heads, widths.map((width) => "─".repeat(width)), ...rows].map(format).join("\n");
}
