/** docs/errors.md lists exactly the codes that packages/core/src/barkeep-error.ts defines. */
import { expect, it } from 'vitest';
import { readText } from './house.ts';

const source = readText('packages/core/src/barkeep-error.ts');
const document = readText('docs/errors.md');

/** `[code, meaning, retryable, ...]` of every row of a Markdown table whose first cell is a code. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^(?: \* )?\| (`[A-Z_]+` +\|.*) \|$/gm)].map(([, row = '']) =>
    row.split(' | ').map((cell) => cell.trim()),
  );
}

function codesOf(rows: readonly string[][]): string[] {
  return rows.map(([code = '']) => code.replaceAll('`', ''));
}

it('the type and its doc comment name the same codes', () => {
  const [, union = ''] = /export type BarkeepErrorCode =([^;]+);/.exec(source) ?? [];
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(0);
  expect(codesOf(rowsOf(source))).toEqual(codes);
});

it('docs/errors.md says of each code what the source says, and what to do', () => {
  const documented = rowsOf(document);
  expect(documented.map((row) => row.slice(0, 3))).toEqual(rowsOf(source));
  for (const row of documented) expect(row, row[0]).toHaveLength(4);
});
