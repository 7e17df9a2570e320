import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasRedisServer, type OwnTestRedis, startOwnTestRedis } from '../../../tools/test-redis.ts';
import { encodeTicker } from '../src/latest-value.ts';
import { encodeTrades } from '../src/stored-trade.ts';
import { TRADES_A_SLICE, WRITE_SCRIPT } from '../src/write-script.ts';
import { ticker, trade, trades } from './market.ts';

const LIFE = '60000';
const MAX_AHEAD = '600000';

describe.skipIf(!hasRedisServer())('the write script', () => {
  let redis: OwnTestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startOwnTestRedis();
    client = new Redis(redis.url);
  });

  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  beforeEach(() => client.flushall());

  /** Runs operations as the batch of an id, in a place. */
  function run(
    place: number,
    id: number,
    codes: string,
    keys: readonly string[],
    values: readonly string[] = [],
  ): Promise<unknown> {
    const header = [`${place}`, `${id}`, 'live', '0', LIFE, LIFE];
    const lives = [LIFE, LIFE, LIFE, LIFE];
    const args = [...header, ...lives, '3', MAX_AHEAD, `epoch-${id}`, codes, ...values];
    return WRITE_SCRIPT.run(client, ['answers', 'sequence', ...keys], args);
  }

  const set = (i: number): string => encodeTicker(ticker('A', i));
  const append = (from: number, to: number): string => encodeTrades(trades(from, to));
  const list = ['list', 'ids', 'late', 'counts'];
  const answersOf = (reply: unknown): string[] => String(reply).split('|')[3]?.split(',') ?? [];

  it('gives a batch that comes twice the same answer, and does nothing the second time', async () => {
    const first = await run(0, 1, 'ta', ['A', ...list], [set(5), append(0, 2)]);
    expect(first).toMatch(/^\d{16}\|\d{13}\|0\|stored,11 0 0$/);
    await run(1, 2, 'ta', ['A', ...list], [set(5), append(2, 5)]);
    const before = await client.mget('sequence', 'A');
    expect(await run(0, 1, 'ta', ['A', ...list], [set(4), append(0, 2)])).toBe(first);
    expect(await client.mget('sequence', 'A')).toEqual(before);
    expect((await client.smembers('ids')).sort()).toEqual(['2', '3', '4']);
  });

  it('refuses a batch that comes after a later one took its place', async () => {
    await run(0, 2, 't', ['A'], [set(1)]);
    await expect(run(0, 1, 't', ['A'], [set(2)])).rejects.toThrow('LATE');
    expect(await client.get('A')).toBe(set(1));
  });

  it('numbers what changed something, without a hole, and nothing else', async () => {
    const version = async (answer: Promise<unknown>): Promise<string> =>
      String(await answer).split('|')[0] ?? '';
    const first = Number(await version(run(0, 1, 't', ['A'], [set(5)])));
    expect(await version(run(0, 2, 't', ['A'], [set(4)]))).toBe('');
    expect(await version(run(0, 3, 'd', ['B']))).toBe('');
    expect(await version(run(0, 4, 'a', list, [append(0, 2)]))).toBe(`${first + 1}`);
    expect(await version(run(0, 5, 'a', list, [append(0, 2)]))).toBe('');
    expect(await version(run(0, 6, 'd', ['A']))).toBe(`${first + 2}`);
    await client.del('sequence');
    expect(Number(await version(run(0, 7, 't', ['A'], [set(0)])))).toBeGreaterThan(first + 2);
  });

  it('sees within a batch what came before in it', async () => {
    await run(0, 1, 'tt', ['A', 'B'], [set(1), set(1)]);
    const keys = ['A', 'A', 'A', 'A', 'A', 'B', 'B'];
    const answer = await run(0, 2, 'tttdttt', keys, [
      set(3),
      set(2),
      set(3),
      set(0),
      set(0),
      set(1),
    ]);
    expect(answersOf(answer).join()).toBe('stored,stale,stored,1,stored,stale,stored');
    expect(await client.get('A')).toBe(set(0));
  });

  it('goes on after an operation that fails, with the keys and values of the next', async () => {
    const keys = [...list, 'B', 'A', ...list, 'C'];
    const values = [encodeTrades([trade(1)]), set(1), set(2), set(3)];
    // A script that it cannot run to its end: no such command for the ids it is given.
    const broken = ['', ...values.slice(1)];
    const answers = answersOf(await run(0, 1, 'attxt', keys, broken));
    expect(answers[0]).toMatch(/^!/);
    expect(answers.slice(1)).toEqual(['stored', 'stored', '0 0', 'stored']);
    expect(await client.mget('A', 'B', 'C')).toEqual([set(2), set(1), set(3)]);
  });

  it('replaces what something else put in the place of ours, counted, and is not kept from anything', async () => {
    const keys = [...list, 'A', 'B', ...list];
    const values = [append(0, 2), set(1), set(1)];
    const foreign = ['answers', 'sequence', ...list, 'A', 'B'];
    for (const key of foreign) await client.lpush(key, 'foreign');
    const reply = await run(0, 1, 'attw', keys, values);
    expect(answersOf(reply).slice(0, 3)).toEqual(['11 0 0', 'stored', 'stored']);
    expect(Number(String(reply).split('|')[2])).toBeGreaterThan(3);
    expect(await client.mget('A', 'B')).toEqual([set(1), set(1)]);
    for (const text of ['foreign', '9'.repeat(99), `${'9'.repeat(16)}[`, '']) {
      for (const key of foreign) await client.set(key, text);
      const again = await run(0, 1, 'attwd', [...keys, 'A'], values);
      expect(answersOf(again)).toMatchObject(['11 0 0', 'stored', 'stored', /^0 \d+$/, '1']);
      expect(await client.get('B')).toBe(set(1));
    }
  });

  it('works on no more trades at a time than one operation takes, whatever there is', async () => {
    const many = 5_000;
    const slice = (from: number): Promise<unknown> =>
      WRITE_SCRIPT.run(
        client,
        ['answers', 'sequence', ...list],
        [
          ...[`0`, `${from + 1}`, 'live', '0', LIFE, LIFE, LIFE, LIFE, LIFE, LIFE],
          ...[`${many}`, MAX_AHEAD, 'epoch', 'a', append(from, from + TRADES_A_SLICE)],
        ],
      );
    for (let i = 0; i < many; i += TRADES_A_SLICE) await slice(i);
    await client.config('RESETSTAT');
    // The bound is now three: the rest goes in slices, with the writes that come.
    const counts: number[] = [];
    for (let i = 0; i < 30; i += 1) {
      await run(0, 10_000 + i, 'a', list, [append(2 * many + i, 2 * many + i + 1)]);
      counts.push(await client.llen('list'));
    }
    const steps = counts.map((count, i) => (counts[i - 1] ?? many + 1) - count);
    expect(Math.max(...steps)).toBeLessThanOrEqual(TRADES_A_SLICE + 1);
    expect(counts.at(-1)).toBe(3);
    expect(await client.scard('ids')).toBe(3);
    const statistics = await client.info('commandstats');
    const calls = [...statistics.matchAll(/:calls=(\d+)/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    expect(calls).toBeLessThan(30 * 40);
  });
});
