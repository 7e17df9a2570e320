import { join } from 'node:path';
import type { SeriesKey } from '@barkeep/core';
import { type ArchiveOption, SqliteEngine } from '@barkeep/sqlite-engine';
import { expect, it } from 'vitest';
import { budget } from '../../../tools/test-budget.ts';
import { BetterSqlite3Driver } from '../src/better-sqlite3-driver.ts';
import { ChildProcess } from './child-process.ts';
import { MINUTE, START, temporaryDirectory } from './temporary-database.ts';

const ROUNDS = budget(15);
const BATCH = 400;

/**
 * Two databases take turns, so that the next process starts while this one is killed, and still
 * every killed database is next opened by the test, cold.
 */
it(
  'keeps every acknowledged batch whole, and no other one in part, when killed',
  async () => {
    const directory = temporaryDirectory();
    const path = (round: number) => join(directory, `${round % 2}.sqlite3`);
    const start = (round: number) => new ChildProcess('write-batches.ts', [path(round)]);
    let next = start(0);
    let acknowledged = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = next;
      next = start(round + 1);
      expect(await child.line()).toBe('ready');
      child.send(`round-${round}`);
      await child.line();
      await moment();
      await child.kill();
      const numbers = (await child.rest()).map(Number);
      // The first one was read before the kill.
      acknowledged += 1 + numbers.length;
      expectWholeBatches(path(round), `round-${round}`, numbers.at(-1) ?? 0);
    }
    await next.kill();
    expect(acknowledged).toBeGreaterThan(ROUNDS);
  },
  budget(180_000),
);

const COMPACTED_ROUNDS = budget(8);
const TINY: ArchiveOption = { segmentCandles: 32, keepRows: 16, bulkCandles: 64 };

/** The child's clock goes so fast that it compacts all the time, by itself and when it asks for it. */
it(
  'keeps every acknowledged candle exactly once when killed while it compacts',
  async () => {
    const directory = temporaryDirectory();
    const path = (round: number) => join(directory, `${round % 2}.sqlite3`);
    const archives = [TINY, 'off'] as const;
    const start = (round: number) =>
      new ChildProcess('append-and-compact.ts', [
        path(round),
        // A few rounds in between take it all apart again.
        JSON.stringify(archives[round % 5 === 4 ? 1 : 0]),
      ]);
    const acknowledged = [0, 0];
    let next = start(0);
    for (let round = 0; round < COMPACTED_ROUNDS; round += 1) {
      const child = next;
      next = start(round + 1);
      expect(await child.line()).toBe('ready');
      child.send(`${acknowledged[round % 2]}`);
      await child.line();
      await moment();
      await child.kill();
      const last = (await child.rest()).map(Number).at(-1) ?? 0;
      acknowledged[round % 2] = expectOnce(path(round), last + 1);
    }
    await next.kill();
    // Of the rounds of each database at least one candle.
    expect(Math.min(...acknowledged)).toBeGreaterThanOrEqual(COMPACTED_ROUNDS / 2);
  },
  budget(180_000),
);

const MAINTAINED_ROUNDS = budget(3);

/** What is removed meanwhile frees the pages that maintenance gives back. */
it.each(['vacuum', 'incremental vacuum', 'reindex'])(
  'keeps every acknowledged candle when killed during a %s',
  async (action) => {
    const directory = temporaryDirectory();
    const path = (round: number) => join(directory, `${round % 2}.sqlite3`);
    const start = (round: number) => new ChildProcess('maintain-forever.ts', [path(round), action]);
    const appended = [0, 0];
    let next = start(0);
    for (let round = 0; round < MAINTAINED_ROUNDS; round += 1) {
      const child = next;
      next = start(round + 1);
      expect(await child.line()).toBe('ready');
      child.send(`${appended[round % 2]}`);
      const first = Number(await child.line());
      await moment();
      await child.kill();
      const last = Math.max(first, ...(await child.rest()).map(Number));
      appended[round % 2] = expectLatest(path(round), last);
    }
    await next.kill();
    expect(Math.max(...appended)).toBeGreaterThan(0);
  },
  budget(60_000),
);

/** Checks that a series ends with so many candles at least, one a minute, and returns where it ends. */
function expectLatest(path: string, least: number): number {
  const engine = opened(path);
  try {
    const { stored } = timestamps(engine, 'live');
    const [first = 0] = stored;
    expect(stored).toEqual(Array.from(stored, (_, i) => first + i * MINUTE));
    const end = ((stored.at(-1) ?? 0) - START) / MINUTE + 1;
    expect(end).toBeGreaterThanOrEqual(least);
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
    return end;
  } finally {
    engine.close();
  }
}

/** Checks that a series begins with so many candles, one a minute, and returns how many there are. */
function expectOnce(path: string, least: number): number {
  const engine = opened(path);
  try {
    const { stored } = timestamps(engine, 'live');
    expect(stored.length).toBeGreaterThanOrEqual(least);
    expect(stored).toEqual(Array.from(stored, (_, i) => START + i * MINUTE));
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
    return stored.length;
  } finally {
    engine.close();
  }
}

/** A random moment of the next few writes: when the kill comes is what the test varies. */
function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
}

function expectWholeBatches(path: string, name: string, lastAcknowledged: number): void {
  const engine = opened(path);
  try {
    const halves = ['a', 'b'].map((half) => timestamps(engine, `${name}-${half}`));
    for (const { stored, covered } of halves) {
      expect(stored.length % BATCH).toBe(0);
      expect(stored.length).toBeGreaterThanOrEqual((lastAcknowledged + 1) * BATCH);
      expect(stored).toEqual(Array.from(stored, (_, i) => START + i * MINUTE));
      expect(covered).toBe(START + stored.length * MINUTE);
    }
    expect(halves[0]?.stored.length).toBe(halves[1]?.stored.length);
    expect(engine.checkIntegrity(undefined)).toMatchObject({ ok: true, problems: [] });
  } finally {
    engine.close();
  }
}

function opened(path: string): SqliteEngine {
  return SqliteEngine.open(new BetterSqlite3Driver({ path, busyTimeoutMs: 1_000 }), {
    access: 'read-write',
    journal: 'wal',
    synchronous: 'normal',
    writer: 1,
  });
}

function timestamps(engine: SqliteEngine, symbol: string) {
  const key: SeriesKey = { symbol, timeframe: '1m' };
  const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const { timestamp } = engine.read({ key, ...range, limit: 1e9, take: 'first' });
  const [coverage] = engine.coverageOf(key, range);
  return { stored: [...timestamp], covered: coverage?.to ?? START };
}
