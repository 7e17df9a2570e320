import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Candle } from '@barkeep/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BenchCase } from '../src/bench-case.ts';
import type { CandleMatch } from '../src/candles/candle-matches.ts';
import type { CandlePeer, CandleRows, CandleStore } from '../src/candles/candle-peer.ts';
import { FilledStores } from '../src/candles/filled-stores.ts';
import { mapOfArrays } from '../src/candles/map-of-arrays.ts';
import { latestWarmCase } from '../src/cases/latest-warm.ts';
import { readCase } from '../src/cases/read.ts';
import { writeCase } from '../src/cases/write.ts';
import { generateMarket } from '../src/data/generate-market.ts';
import { MARKET_STYLES } from '../src/data/market-style.ts';
import { type CaseResult, runCase } from '../src/run-case.ts';
import { WrongAnswerError } from '../src/wrong-answer-error.ts';

const series = generateMarket(MARKET_STYLES.usd, 2_000);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'barkeep-bench-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('runCase', () => {
  it('lets the contenders take turns, after one unmeasured round where the case asks for it', async () => {
    const turns: string[] = [];
    const contender = (name: string) => ({
      name,
      description: name,
      libraries: [],
      prepare: async () => ({
        sample: async () => {
          turns.push(name);
          return {
            readings: { time: name === 'a' ? turns.length : 2 * turns.length },
            answer: '42',
          };
        },
        close: async () => {
          turns.push(`close ${name}`);
        },
      }),
    });
    const result = await run({
      name: 'turns',
      about: 'turns',
      plan: () => ({
        title: 'turns',
        metrics: [{ name: 'time', title: 'time', unit: 'ms' }],
        contenders: [contender('a'), contender('b')],
        expected: '42',
        warmUp: true,
      }),
    });
    expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'close a', 'close b']);
    expect(result.metrics[0]?.contenders).toEqual([
      { name: 'a', samples: [3, 5], median: 4, min: 3, max: 5, ratio: 1 },
      { name: 'b', samples: [8, 12], median: 10, min: 8, max: 12, ratio: 2.5 },
    ]);
  });

  it.each([
    ['drops the last candle', writeCase, (rows: Candle[]) => rows.slice(0, -1)],
    ['returns one candle twice', readCase, (rows: Candle[]) => [...rows.slice(0, 1), ...rows]],
    ['is off by the last bit of one volume', readCase, withOneBitOff],
    ['returns the latest first', latestWarmCase, (rows: Candle[]) => rows.toReversed()],
    ['returns too few of the latest', latestWarmCase, (rows: Candle[]) => rows.slice(1)],
  ])('finds out a contender that %s', async (_, makeCase, spoil) => {
    const match: CandleMatch = {
      suffix: '',
      title: 'planted',
      peers: [mapOfArrays, spoiled(mapOfArrays, spoil)],
    };
    const running = run(makeCase(match));
    await expect(running).rejects.toBeInstanceOf(WrongAnswerError);
    await expect(running).rejects.toThrow(
      /: spoiled answered \d+ candles, checksum .* but the data/,
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it('accepts the same contender unspoiled', async () => {
    const match: CandleMatch = {
      suffix: '',
      title: 'planted',
      peers: [mapOfArrays, spoiled(mapOfArrays, (rows) => rows)],
    };
    for (const makeCase of [writeCase, readCase, latestWarmCase]) await run(makeCase(match));
  });
});

function run(benchCase: BenchCase): Promise<CaseResult> {
  const filled = new FilledStores(join(directory, 'filled'), series);
  const workload = { series, seriesCount: 1, growth: 1, operations: 1, filled, directory };
  return runCase(benchCase, workload, {
    repeat: 2,
    progress: () => {},
    collectGarbage: () => {},
  });
}

/** A peer that alters what it reads. */
function spoiled(peer: CandlePeer, spoil: (rows: Candle[]) => Candle[]): CandlePeer {
  const altered = (rows: CandleRows): CandleRows => {
    return 'timestamp' in rows ? rows : spoil([...rows]);
  };
  return {
    ...peer,
    name: 'spoiled',
    open: async (at): Promise<CandleStore> => {
      const store = await peer.open(at);
      return {
        write: (batches) => store.write(batches),
        overwrite: (batches) => store.overwrite(batches),
        readAll: async (key) => altered(await store.readAll(key)),
        readLatest: async (key, count) => altered(await store.readLatest(key, count)),
        readRange: async (key, range) => altered(await store.readRange(key, range)),
        readColumn: (key, column) => store.readColumn(key, column),
        readMany: async (keys) => (await store.readMany(keys)).map(altered),
        compact: () => store.compact(),
        close: () => store.close(),
      };
    },
  };
}

function withOneBitOff(rows: Candle[]): Candle[] {
  const [first, ...rest] = rows;
  if (first === undefined) return rows;
  return [{ ...first, volume: first.volume * (1 + Number.EPSILON) }, ...rest];
}
