import { describe, expect, it } from 'vitest';
import {
  BTC,
  batch,
  candle,
  candlesOf,
  connect,
  everything,
  MINUTE,
  openEngine,
  temporaryPath,
  thrownBy,
} from './test-database.ts';

const minutes = (from: number, to: number, price?: number) =>
  Array.from({ length: to - from }, (_, i) => candle((from + i) * MINUTE, price));

describe('write', () => {
  it('counts what it inserted, updated and left alone', () => {
    const engine = openEngine(temporaryPath());
    expect(engine.write([batch(BTC, minutes(0, 100))])).toEqual([
      {
        inserted: 100,
        updated: 0,
        unchanged: 0,
        changed: { from: 0, to: 100 * MINUTE },
      },
    ]);
    const mixed = [...minutes(90, 95), ...minutes(95, 98, 7), ...minutes(98, 105)];
    expect(engine.write([batch(BTC, mixed)])).toEqual([
      {
        inserted: 5,
        updated: 3,
        unchanged: 7,
        changed: { from: 95 * MINUTE, to: 105 * MINUTE },
      },
    ]);
    expect(everything(engine, BTC)).toEqual([
      ...minutes(0, 95),
      ...minutes(95, 98, 7),
      ...minutes(98, 105),
    ]);
  });

  it('stores candles before, between and after those that are there', () => {
    const engine = openEngine(temporaryPath());
    const all = minutes(0, 3_000);
    const late = all.filter((_, i) => i % 700 === 3);
    engine.write([batch(BTC, all.filter((it) => !late.includes(it)).slice(500, 2_500))]);
    engine.write([batch(BTC, late)]);
    engine.write([batch(BTC, all)]);
    expect(everything(engine, BTC)).toEqual(all);
    expect(engine.list({})).toEqual([{ ...BTC, count: 3_000, first: 0, last: 2_999 * MINUTE }]);
  });

  it('writes nothing at all when nothing changes', () => {
    const path = temporaryPath();
    const engine = openEngine(path);
    const again = batch(BTC, minutes(0, 1_000), { covers: [{ from: 0, to: 1_000 * MINUTE }] });
    engine.write([again]);
    engine.setMetadata('note', '1');
    const observer = connect(path);
    const version = () => observer.prepare('PRAGMA data_version').get([]);
    const before = version();
    expect(engine.write([again])).toMatchObject([{ inserted: 0, updated: 0, unchanged: 1_000 }]);
    engine.setMetadata('note', '1');
    engine.removeCoverage({ ...BTC, symbol: 'KRW-ETH' }, { from: 0, to: MINUTE });
    expect(version()).toEqual(before);
    engine.write([batch(BTC, [candle(500 * MINUTE, 3)])]);
    expect(version()).not.toEqual(before);
  });

  it('changes one row for one late candle', () => {
    const path = temporaryPath();
    const engine = openEngine(path);
    engine.write([batch(BTC, minutes(0, 5_000))]);
    const [outcome] = engine.write([batch(BTC, [candle(2_500 * MINUTE, 3)])]);
    expect(outcome).toMatchObject({ inserted: 0, updated: 1, unchanged: 0 });
  });

  it('keeps all batches or none', () => {
    const path = temporaryPath();
    const driver = connect(path);
    const engine = openEngine(path, {}, driver);
    engine.write([batch(BTC, minutes(0, 10))]);
    driver.exec(
      `CREATE TEMP TRIGGER refuse BEFORE INSERT ON candle_rows WHEN new.timestamp = ${60 * MINUTE}
       BEGIN SELECT raise(ABORT, 'refused'); END`,
    );
    const eth = { ...BTC, symbol: 'KRW-ETH' };
    const failing = [
      batch(eth, minutes(0, 10), { covers: [{ from: 0, to: 10 * MINUTE }] }),
      batch(BTC, minutes(5, 100, 9)),
    ];
    expect(thrownBy(() => engine.write(failing)).code).toBe('INTERNAL');
    expect(everything(engine, BTC)).toEqual(minutes(0, 10));
    expect(engine.list({})).toEqual([{ ...BTC, count: 10, first: 0, last: 9 * MINUTE }]);
    expect(engine.coverageOf(eth, { from: 0, to: 10 * MINUTE })).toEqual([]);
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true });
  });

  it('keeps every double bit for bit', () => {
    const engine = openEngine(temporaryPath());
    const odd = [
      0.1 + 0.2,
      5e-324,
      Number.MAX_VALUE,
      1 / 3,
      2 ** 53 + 2,
      0,
      123_456_789.123_456_79,
    ];
    const candles = odd.map((value, i) => ({
      timestamp: i * MINUTE,
      open: value,
      high: value,
      low: value,
      close: value,
      volume: value,
    }));
    engine.write([batch(BTC, candles)]);
    expect(everything(engine, BTC)).toEqual(candles);
  });
});

describe('read', () => {
  const query = (rest: object) => ({
    key: BTC,
    from: Number.MIN_SAFE_INTEGER,
    to: Number.MAX_SAFE_INTEGER,
    limit: Number.POSITIVE_INFINITY,
    take: 'first' as const,
    ...rest,
  });

  it('takes the first or the last of a range', () => {
    const engine = openEngine(temporaryPath());
    const all = minutes(0, 2_000);
    engine.write([batch(BTC, all)]);
    const read = (rest: object) => candlesOf(engine.read(query(rest)), BTC);
    expect(read({ limit: 3 })).toEqual(all.slice(0, 3));
    expect(read({ limit: 1_500, take: 'last' })).toEqual(all.slice(500));
    expect(read({ from: 10 * MINUTE, to: 20 * MINUTE })).toEqual(all.slice(10, 20));
    expect(read({ from: 10 * MINUTE + 1, to: 20 * MINUTE + 1, limit: 4, take: 'last' })).toEqual(
      all.slice(17, 21),
    );
    expect(read({ from: 5_000 * MINUTE })).toEqual([]);
    expect(read({ key: { ...BTC, symbol: 'krw-btc' } })).toEqual([]);
  });

  it('gives columns of exactly their size, each with memory of its own', () => {
    const engine = openEngine(temporaryPath());
    engine.write([batch(BTC, [...minutes(0, 10), ...minutes(900, 905)])]);
    const columns = engine.read(query({ from: 0, to: 950 * MINUTE }));
    for (const column of Object.values(columns)) expect(column.buffer.byteLength).toBe(15 * 8);
  });

  it('answers several queries from one state', () => {
    const engine = openEngine(temporaryPath());
    const eth = { ...BTC, symbol: '1000*%_비트코인' };
    engine.write([batch(BTC, minutes(0, 5)), batch(eth, minutes(3, 9))]);
    const [ethRead, btcRead] = engine.readMany([query({ key: eth }), query({ limit: 2 })]);
    expect(ethRead && candlesOf(ethRead, eth)).toEqual(minutes(3, 9));
    expect(btcRead && candlesOf(btcRead, BTC)).toEqual(minutes(0, 2));
  });
});

describe('remove', () => {
  it('removes candles and coverage of a range and keeps the counters', () => {
    const engine = openEngine(temporaryPath());
    engine.write([batch(BTC, minutes(0, 100), { covers: [{ from: 0, to: 100 * MINUTE }] })]);
    expect(engine.remove(BTC, { from: 90 * MINUTE, to: 200 * MINUTE })).toEqual({ removed: 10 });
    expect(engine.list({})).toEqual([{ ...BTC, count: 90, first: 0, last: 89 * MINUTE }]);
    expect(engine.coverageOf(BTC, { from: 0, to: 200 * MINUTE })).toEqual([
      { from: 0, to: 90 * MINUTE, source: 'test', collectedAt: 1 },
    ]);
    expect(engine.remove(BTC, { from: 0, to: 90 * MINUTE })).toEqual({ removed: 90 });
    expect(engine.list({})).toEqual([]);
    expect(engine.size()).toMatchObject({ series: 0, candles: 0 });
    expect(engine.remove({ ...BTC, symbol: 'X' }, { from: 0, to: 1 })).toEqual({ removed: 0 });
  });
});

describe('coverage', () => {
  it('joins an entry with the one before it, also where it replaces another source', () => {
    const engine = openEngine(temporaryPath());
    const add = (from: number, to: number, source: string) =>
      engine.addCoverage(BTC, { from: from * MINUTE, to: to * MINUTE, source, collectedAt: 1 });
    add(10, 20, 'upbit');
    add(20, 21, 'file');
    add(20, 21, 'upbit');
    expect(engine.coverageOf(BTC, { from: 0, to: 100 * MINUTE })).toEqual([
      { from: 10 * MINUTE, to: 21 * MINUTE, source: 'upbit', collectedAt: 1 },
    ]);
  });
});

describe('metadata', () => {
  it('finds keys by an exact prefix', () => {
    const engine = openEngine(temporaryPath());
    const keys = ['a', 'a%', 'a%b', 'a_b', 'ab', '가', '가나', '😀', '😀x'];
    for (const key of keys) engine.setMetadata(key, `"${key}"`);
    for (const prefix of ['', 'a', 'a%', 'a_', '가', '😀', 'z']) {
      expect(engine.metadataKeys(prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)));
    }
    expect(engine.deleteMetadata('a%')).toBe(true);
    expect(engine.deleteMetadata('a%')).toBe(false);
    expect(engine.getMetadata('a%')).toBeUndefined();
    engine.setMetadata('a', '2');
    expect(engine.getMetadata('a')).toBe('2');
  });
});

describe('failures', () => {
  it('tells a lock apart and goes on when it is gone', () => {
    const path = temporaryPath();
    const engine = openEngine(path);
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    const error = thrownBy(() => engine.write([batch(BTC, minutes(0, 5))]));
    expect(error).toMatchObject({
      code: 'BUSY',
      retryable: true,
      details: { sqlite: 'SQLITE_BUSY' },
    });
    other.exec('ROLLBACK');
    expect(engine.write([batch(BTC, minutes(0, 5))])).toMatchObject([{ inserted: 5 }]);
  });

  it('tells a full disk apart, stores nothing, and goes on when there is space', () => {
    const path = temporaryPath();
    const driver = connect(path);
    const engine = openEngine(path, {}, driver);
    engine.write([batch(BTC, minutes(0, 5))]);
    const [pages] = driver.prepare<readonly [number]>('PRAGMA page_count').get([]) ?? [0];
    driver.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const error = thrownBy(() => engine.write([batch(BTC, minutes(5, 5_000))]));
    expect(error).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect(everything(engine, BTC)).toEqual(minutes(0, 5));
    driver.exec('PRAGMA max_page_count = 1000000');
    expect(engine.write([batch(BTC, minutes(5, 5_000))])).toMatchObject([{ inserted: 4_995 }]);
  });

  it('refuses writes on a connection that only reads', () => {
    const path = temporaryPath();
    openEngine(path).write([batch(BTC, minutes(0, 5))]);
    const reader = openEngine(path, { access: 'read-only' });
    expect(everything(reader, BTC)).toEqual(minutes(0, 5));
    expect(thrownBy(() => reader.setMetadata('a', '1')).code).toBe('READ_ONLY');
  });
});
