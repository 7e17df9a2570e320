/** A line across the table, or the cells of one row. */
export type TableRow = string | readonly string[];

export type Alignment = 'left' | 'right';

/** Text in columns as wide as their widest cell, two spaces apart. */
export function renderTable(alignments: readonly Alignment[], rows: readonly TableRow[]): string {
  const widths = alignments.map((_, column) =>
    Math.max(0, ...rows.map((row) => (typeof row === 'string' ? 0 : (row[column] ?? '').length))),
  );
  const lines = rows.map((row) => {
    if (typeof row === 'string') return row;
    return alignments
      .map((alignment, column) => {
        const cell = row[column] ?? '';
        const width = widths[column] ?? 0;
        return alignment === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  });
  return lines.join('\n');
}
