import { stripVTControlCharacters } from 'node:util';

/** One column: its title, and on which side its cells stand. */
export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Rows of text as lines of one width per column, below a header and a rule. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(visibleLength(title), ...rows.map((row) => visibleLength(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => pad(cells[i] ?? '', widths[i] ?? 0, align))
      .join('   ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '─'.repeat(width)).join('───'),
    ...rows.map(line),
  ];
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - visibleLength(text));
  return align === 'left' ? text + space : space + text;
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
