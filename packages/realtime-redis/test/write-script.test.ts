import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasRedisServer, type OwnTestRedis, startOwnTestRedis } from '../../../tools/test-redis.ts';
import { encodeTicker } from '../src/latest-value.ts';
import { encodeTrades } from '../src/stored-trade.ts';
import { WRITE_SCRIPT } from '../src/write-script.ts';
import { AT, ticker, trades } from './market.ts';

const LIFE = '60000';
const NOW = AT;

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
    const header = [`${place}`, `${id}`, 'live', `${NOW}`, '0', LIFE, LIFE];
    const lives = [LIFE, LIFE, LIFE, LIFE];
    const args = [...header, ...lives, '3', `epoch-${id}`, codes, ...values];
    return WRITE_SCRIPT.run(client, ['answers', 'sequence', ...keys], args);
  }

  const set = (i: number): string => encodeTicker(ticker('A', i), NOW + 1_000);
  const append = (from: number, to: number): string => encodeTrades(trades(from, to), NOW + 1_000);
  const list = ['list', 'ids', 'arrivals'];

  it('gives a batch that comes twice the same answer, and does nothing the second time', async () => {
    const first = await run(0, 1, 'ta', ['A', ...list], [set(5), append(0, 2)]);
    expect(first).toMatch(/^\d{16}\|stored,11 0 0$/);
    await run(1, 2, 'ta', ['A', ...list], [set(5), append(2, 5)]);
    const before = await client.mget('sequence', 'A');
    expect(await run(0, 1, 'ta', ['A', ...list], [set(4), append(0, 2)])).toBe(first);
    expect(await client.mget('sequence', 'A')).toEqual(before);
    expect(await client.lrange('list', 0, -1)).toEqual(append(2, 5).split('\u0001'));
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
    expect(String(answer).split('|')[1]).toBe('stored,stale,stored,1,stored,stale,stored');
    expect(await client.get('A')).toBe(set(0));
  });

  it('goes on after an operation that fails, with the keys and values of the next', async () => {
    await client.set('list', 'no list');
    await client.lpush('B', 'no ticker');
    const keys = [...list, 'B', 'A', 'list', 'ids', 'C'];
    const answer = await run(0, 1, 'attxt', keys, [append(0, 1), set(1), set(2), set(3)]);
    const answers = String(answer).split('|')[1]?.split(',') ?? [];
    expect(answers.map((one) => one.replace(/^!WRONGTYPE.*/, 'WRONGTYPE'))).toEqual([
      'WRONGTYPE',
      'WRONGTYPE',
      'stored',
      'WRONGTYPE',
      'stored',
    ]);
    expect(await client.mget('A', 'C')).toEqual([set(2), set(3)]);
  });
});
