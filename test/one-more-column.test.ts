/** Adding an optional column to candles takes three lines, and the type checker points at each. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { copyOfPackages, typeFaults } from './copy-of-packages.ts';

/** After which line of which file the new line goes. */
const LINES = [
  {
    file: 'packages/core/src/candle-columns.ts',
    after: "  openInterest: { required: false, values: 'amount', merge: 'last' },\n",
    line: "  fundingRate: { required: false, values: 'price', merge: 'last' },\n",
  },
  {
    file: 'packages/segment-codec/src/column-ids.ts',
    after: '  openInterest: 10,\n',
    line: '  fundingRate: 11,\n',
  },
  {
    file: 'packages/sqlite-engine/src/wide-columns.ts',
    after: "  openInterest: { name: 'open_interest', version: 1 },\n",
    line: "  fundingRate: { name: 'funding_rate', version: 2 },\n",
  },
] as const;

/** Makes a database that knows nothing of the column. */
const BEFORE = `
import { SqliteStorage } from '@barkeep/storage-sqlite';

const storage = new SqliteStorage({ path: process.argv[2] });
await storage.open();
const candle = { timestamp: 0, open: 1, high: 1, low: 1, close: 1, volume: 1, quoteVolume: 3 };
await storage.candles.write({ key: { symbol: 'OLD', timeframe: '1m' }, candles: [candle] });
await storage.close();
`;

/** Stores candles as rows and as segments, also in that database, and prints what comes back. */
const USE = `
import { MemoryStorage } from '@barkeep/storage-memory';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const candles = Array.from({ length: 3_000 }, (_, i) => {
  const candle = { timestamp: i * 60_000, open: 1, high: 1, low: 1, close: 1, volume: i };
  return i % 3 === 0 ? candle : { ...candle, fundingRate: -i / 7 };
});
for (const storage of [new MemoryStorage(), new SqliteStorage({ path: process.argv[2] })]) {
  await storage.open();
  const key = { symbol: 'A', timeframe: '1m' } as const;
  await storage.candles.write({ key, candles });
  await storage.candles.write({ key, candles: [candles[1]].map((one) => ({ ...one, fundingRate: 5 })) });
  await storage.maintenance?.compact();
  const stored = (await storage.candles.read(key)).toArray();
  const { fundingRate } = await storage.candles.readColumns(key, ['fundingRate']);
  const expected = candles.map((candle, i) => (i === 1 ? { ...candle, fundingRate: 5 } : candle));
  console.log(JSON.stringify(stored) === JSON.stringify(expected), fundingRate[2]);
  const old = { symbol: 'OLD', timeframe: '1m' } as const;
  const [candle = { ...candles[0], quoteVolume: 3 }] = (await storage.candles.read(old)).toArray();
  await storage.candles.write({ key: old, candles: [{ ...candle, fundingRate: 7 }] });
  const [{ quoteVolume, fundingRate: added }] = (await storage.candles.read(old)).toArray();
  console.log(quoteVolume, added);
  await storage.close();
}
`;

it('takes one line each in core, the codec and the engine', async () => {
  const copy = copyOfPackages();
  const check = (name: string) => typeFaults(join(copy, 'packages', name));

  const database = join(copy, 'candles.sqlite3');
  await run(copy, BEFORE, database);
  for (const [i, { file, after, line }] of LINES.entries()) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(after);
    // The type checker names the file that lacks a line.
    if (i > 0) expect(await check('sqlite-engine')).toContain(basename(file));
    writeFileSync(path, text.replace(after, `${after}${line}`));
  }
  // Each reads the sources of those below it.
  for (const name of ['storage-memory', 'sqlite-engine']) {
    expect(await check(name), name).toBe('');
  }
  const use = USE.replace("'@barkeep/storage-memory'", "'../storage-memory/src/index.ts'");
  const expected = `true ${-2 / 7}\n3 7\n`;
  expect(await run(copy, use, database)).toBe(expected + expected);
});

/** What a script prints that uses the packages of a copy. */
async function run(copy: string, text: string, database: string): Promise<string> {
  const script = join(copy, 'packages/storage-sqlite/use.ts');
  writeFileSync(script, text);
  const arguments_ = ['--conditions=@barkeep/typescript', script, database];
  return (await promisify(execFile)(process.execPath, arguments_)).stdout;
}
