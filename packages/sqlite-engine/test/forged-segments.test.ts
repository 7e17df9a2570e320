/** Segments whose checksum is right and whose content is wrong, as no writer of ours makes them. */
import { type Candle, CandleSeries, type SeriesKey } from '@barkeep/core';
import { encodeSegment, readSegmentHeader } from '@barkeep/segment-codec';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
} from './test-database.ts';

const ARCHIVE = { segmentCandles: 64, keepRows: 8, bulkCandles: 16, automatic: false } as const;
const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const STORED = Array.from({ length: 192 }, (_, i) => candle(i * MINUTE));

interface Forgery {
  readonly candles: readonly Candle[];
  readonly key?: SeriesKey;
  /** Whether it is put where the second segment was, or beside all others. */
  readonly place: 'instead' | 'beside';
}

const second = STORED.slice(64, 128);
const forgeries: readonly (readonly [what: string, forgery: Forgery])[] = [
  [
    'a negative volume',
    { candles: second.with(5, { ...candle(69 * MINUTE), volume: -1 }), place: 'instead' },
  ],
  ['a candle fewer', { candles: second.toSpliced(5, 1), place: 'instead' }],
  ['candles of another time', { candles: STORED.slice(0, 64), place: 'instead' }],
  [
    'candles of another timeframe',
    { candles: second, key: { ...BTC, timeframe: '1s' }, place: 'instead' },
  ],
  ['candles that others have', { candles: STORED.slice(100, 164), place: 'beside' }],
  ['candles that nobody stored', { candles: [candle(500 * MINUTE)], place: 'beside' }],
];

it.each(forgeries)(
  '%s: found, named, and gone after a repair',
  (_, { candles, key = BTC, place }) => {
    const path = temporaryPath();
    const first = openEngine(path, { archive: ARCHIVE });
    first.write([batch(BTC, STORED, { covers: [{ from: 0, to: 600 * MINUTE }] })]);
    first.close();
    const bytes = forged(key, candles);
    const { checksum } = readSegmentHeader(bytes);
    const database = new Database(path);
    const [begin, end] = [candles[0]?.timestamp ?? 0, candles.at(-1)?.timestamp ?? 0];
    if (place === 'instead') {
      database
        .prepare('UPDATE segments SET data = ?, checksum = ? WHERE first = ?')
        .run(bytes, checksum, 64 * MINUTE);
    } else {
      database
        .prepare(
          'INSERT INTO segments (series_id, first, last, count, format, checksum, data) SELECT series_id, ?, ?, ?, format, ?, ? FROM segments LIMIT 1',
        )
        .run(begin, end, candles.length, checksum, bytes);
    }
    database.close();

    const engine = openEngine(path, { archive: ARCHIVE });
    const { ok, problems } = engine.checkIntegrity(undefined);
    expect(ok).toBe(false);
    expect(problems.every(({ key: found }) => found?.symbol === BTC.symbol)).toBe(true);
    expect(engine.repair(undefined).remaining).toEqual([]);
    const covered = engine.coverageOf(BTC, EVER);
    const found = everything(engine, BTC);
    for (const { from, to } of covered) {
      const within = ({ timestamp }: Candle) => from <= timestamp && timestamp < to;
      expect(found.filter(within)).toEqual(STORED.filter(within));
    }
    engine.close();
  },
);

function forged(key: SeriesKey, candles: readonly Candle[]): Uint8Array {
  const column = (name: keyof Candle) => Float64Array.from(candles, (one) => Number(one[name]));
  return encodeSegment(
    CandleSeries.fromTrustedColumns(key, {
      timestamp: column('timestamp'),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    }),
  );
}
