import { expect, it } from 'vitest';
import { textTable } from '../src/terminal/text-table.ts';

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
