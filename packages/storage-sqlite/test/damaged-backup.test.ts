/** Whatever somebody, or a disk, does to a backup: it is found, or it does not matter. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteBackups } from '@barkeep/storage-sqlite';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import {
  BTC,
  MINUTE,
  minutes,
  openStorage,
  rejection,
  START,
  temporaryDirectory,
} from './temporary-database.ts';

const ETH = { ...BTC, symbol: 'KRW-ETH' };
/** https://sqlite.org/fileformat2.html#the_database_header */
const HEADER = 100;
const FLIPS = budget(60);

interface Backup {
  readonly directory: string;
  readonly from: string;
}

/** A backup with rows, segments, coverage, a document, and revisions. */
async function madeBackup(): Promise<Backup> {
  const directory = temporaryDirectory();
  const archive = { segmentCandles: 256, keepRows: 64, bulkCandles: 64, automatic: false };
  const path = join(directory, 'market_data.sqlite3');
  const storage = await openStorage(path, { readers: 0, archive });
  const covers = { from: START, to: START + 2_000 * MINUTE };
  await storage.candles.write({ key: BTC, candles: minutes(0, 2_000), covers });
  for (let i = 0; i < 20; i += 1) {
    await storage.candles.write({ key: ETH, candles: minutes(i * 2, i * 2 + 1) });
  }
  await storage.metadata.set('note', { text: 'hello' });
  const from = join(directory, 'backup.sqlite3');
  await storage.backup?.create({ to: from });
  await storage.close();
  return { directory, from };
}

async function contentsOf(path: string): Promise<unknown> {
  const storage = await openStorage(path, { readers: 0 });
  try {
    const [btc, eth] = await storage.candles.readMany([{ ...BTC }, { ...ETH }]);
    return {
      btc: btc?.toArray(),
      eth: eth?.toArray(),
      coverage: await storage.coverage.of(BTC),
      note: await storage.metadata.get('note'),
      problems: (await storage.integrity?.check())?.problems,
    };
  } finally {
    await storage.close();
  }
}

async function expectRefused({ directory, from }: Backup, kinds: readonly string[]): Promise<void> {
  const { ok, problems } = await sqliteBackups.verify(from);
  expect(ok).toBe(false);
  expect(problems.map(({ kind }) => kind)).toEqual(expect.arrayContaining([...kinds]));
  const to = join(directory, 'restored.sqlite3');
  const refused = await rejection(sqliteBackups.restore({ from, to }));
  expect(refused).toMatchObject({ code: 'CORRUPT', retryable: false });
  expect(refused.details['problems']).toEqual(problems.slice(0, 10));
}

it.each([
  ['a price', 'UPDATE candle_rows SET high = high + 1 WHERE timestamp % 7 = 0', ['series']],
  [
    'a candle',
    'DELETE FROM candle_rows WHERE timestamp = (SELECT min(timestamp) FROM candle_rows)',
    ['unreadable'],
  ],
  ['a volume', 'UPDATE candle_rows SET volume = volume + 1e-9', ['series']],
  ['coverage', 'UPDATE coverage SET to_time = to_time - 60000', ['series']],
  ['a source', "UPDATE coverage SET source = 'another'", ['series']],
  ['a counter', 'UPDATE series SET count = count + 1 WHERE id = 1', ['unreadable']],
  ['the number of rows', 'UPDATE series SET row_count = 0 WHERE id = 2', ['unreadable']],
  ['a segment', 'DELETE FROM segments WHERE id = 2', ['unreadable']],
  [
    'a forged segment',
    'UPDATE segments SET data = zeroblob(length(data)) WHERE id = 3',
    ['unreadable'],
  ],
  ['a series', 'PRAGMA foreign_keys = OFF; DELETE FROM series WHERE id = 2', ['series']],
  ['a series more', "INSERT INTO series (symbol, timeframe) VALUES ('x', '1m')", ['content']],
  ['a document', "UPDATE metadata SET value = '1'", ['content']],
  [
    'a revision',
    "UPDATE revisions SET revision = 'x' WHERE bucket = (SELECT max(bucket) FROM revisions)",
    ['content'],
  ],
  ['the change log', 'DELETE FROM change_log WHERE id = 1', ['content']],
  ['a table', 'DROP TABLE coverage', ['unreadable']],

  ['the owner', 'PRAGMA application_id = 7', ['unreadable']],
  ['the record', 'DROP TABLE barkeep_backup', ['unreadable']],
  ['the identity', "DELETE FROM barkeep_backup WHERE key = 'id'", ['unreadable']],
  ['a recorded series', "DELETE FROM barkeep_backup_series WHERE symbol = 'KRW-ETH'", ['series']],
  ['a recorded sum', "UPDATE barkeep_backup_series SET checksum = '0'", ['series']],
] as const)('finds a backup whose %s has changed', async (_, sql, kinds) => {
  const backup = await madeBackup();
  const database = new Database(backup.from);
  database.exec(sql);
  database.close();
  await expectRefused(backup, kinds);
});

it('finds a backup that is cut short, empty, or something else', async () => {
  const backup = await madeBackup();
  const bytes = readFileSync(backup.from);
  for (const length of [bytes.length - 1, bytes.length - 4_096, 5_000, 100, 16, 1, 0]) {
    writeFileSync(backup.from, bytes);
    truncateSync(backup.from, length);
    await expectRefused(backup, ['unreadable']);
  }
  writeFileSync(backup.from, 'time,open,high,low,close,volume\n'.repeat(1_000));
  await expectRefused(backup, ['unreadable']);
  writeFileSync(backup.from, readFileSync(join(backup.directory, 'market_data.sqlite3')));
  await expectRefused(backup, ['unreadable']);
});

it(
  'finds a flipped byte, wherever it matters',
  async () => {
    const backup = await madeBackup();
    const { directory, from } = backup;
    const bytes = readFileSync(from);
    const to = join(directory, 'restored.sqlite3');
    await sqliteBackups.restore({ from, to });
    const expected = await contentsOf(to);
    let found = 0;
    for (let i = 0; i < FLIPS; i += 1) {
      const flipped = Uint8Array.from(bytes);
      // Of the header more: what it says decides how the rest is read.
      const length = i % 3 === 0 ? HEADER : bytes.length;
      const at = Math.floor(Math.random() * length);
      const bit = 1 << Math.floor(Math.random() * 8);
      flipped[at] = (flipped[at] ?? 0) ^ bit;
      writeFileSync(from, flipped);
      const { ok, problems } = await sqliteBackups.verify(from);
      if (!ok) {
        found += 1;
        const refused = await rejection(sqliteBackups.restore({ from, to, overwrite: true }));
        expect(refused.code, `byte ${at}, bit ${bit}: ${problems[0]?.message}`).toBe('CORRUPT');
        continue;
      }
      await sqliteBackups.restore({ from, to, overwrite: true });
      expect(await contentsOf(to), `byte ${at}, bit ${bit}`).toEqual(expected);
    }
    expect(found).toBeGreaterThan(0);
  },
  budget(60_000),
);
