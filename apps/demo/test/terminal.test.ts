import { expect, it } from 'vitest';
import { textTable } from '../src/terminal/text-table.ts';
import { wrapText } from '../src/terminal/wrap-text.ts';

it('aligns cells by what is seen of them', () => {
  const columns = [
    { title: 'Series', align: 'left' },
    { title: 'Candles', align: 'right' },
  ] as const;
  const rows = [
    ['\x1b[1mKRW-BTC 1m\x1b[22m', '129,600'],
    ['A', '7'],
  ];
  expect(textTable(columns, rows)).toEqual([
    'Series       Candles',
    '────────────────────',
    '\x1b[1mKRW-BTC 1m\x1b[22m   129,600',
    'A                  7',
  ]);
});

it('breaks text between words, and leaves a word that is too long whole', () => {
  expect(wrapText('one two three', 9)).toEqual(['one two', 'three']);
  expect(wrapText('a extraordinarily b', 5)).toEqual(['a', 'extraordinarily', 'b']);
  expect(wrapText('one two', Number.POSITIVE_INFINITY)).toEqual(['one two']);
});
