import { beforeEach, expect, it } from 'vitest';
import { digits } from '../src/latest-value.ts';
import { NearShelf } from '../src/near-shelf.ts';

const EXPIRES_AT = 1_000;
let shelf: NearShelf<string>;

beforeEach(() => {
  shelf = new NearShelf({
    maxSymbols: 3,
    maxAgeMs: 500,
    decode: (_, stored) => {
      if (stored.endsWith('broken')) throw new SyntaxError('broken');
      return stored.slice(32);
    },
  });
});

it('gives what a read filled in, until it expires or is too old', async () => {
  read('A', 1, 'one');
  expect(await at('A', 0)).toBe('one');
  expect(shelf.answer('A', 499)).toBe(shelf.answer('A', 0));
  expect(await at('A', 500)).toBeUndefined();
  read('A', 1, 'one', 600);
  expect(await at('A', 999)).toBe('one');
  expect(await at('A', 1_000)).toBeUndefined();
});

it('never goes back to an older version', async () => {
  read('A', 5, 'five');
  shelf.hear('A', 4, value('four'), 0);
  expect(await at('A')).toBe('five');
  shelf.hear('A', 6, value('six'), 0);
  expect(await at('A')).toBe('six');
  read('A', 5, 'five');
  expect(await at('A')).toBe('six');
});

it('takes the later one of the same version', async () => {
  read('A', 5, 'first');
  shelf.hear('A', 5, value('second'), 0);
  expect(await at('A')).toBe('second');
});

it('refuses what a read found when something newer was heard of meanwhile', async () => {
  const place = shelf.reserve('A');
  shelf.hear('A', 7, value('seven'), 0);
  shelf.fill('A', place, 6, value('six'), 0);
  expect(await at('A')).toBeUndefined();
  shelf.fill('A', place, 7, value('seven'), 0);
  expect(await at('A')).toBe('seven');
});

it('leaves a place empty that no read has filled: what is heard of late may be gone', async () => {
  const place = shelf.reserve('A');
  shelf.hear('A', 7, value('seven'), 0);
  expect(await at('A')).toBeUndefined();
  shelf.fill('A', place, 7, null, 0);
  expect(await at('A')).toBeUndefined();
});

it('forgets what was deleted, and refuses what was written before', async () => {
  read('A', 5, 'five');
  shelf.hear('A', 6, undefined, 0);
  shelf.hear('A', 5, value('five'), 0);
  expect(await at('A')).toBeUndefined();
  read('A', 5, 'five');
  expect(await at('A')).toBeUndefined();
  read('A', 7, 'seven');
  expect(await at('A')).toBe('seven');
});

it('does not fill a place that was cleared or evicted meanwhile', async () => {
  const place = shelf.reserve('A');
  shelf.clear();
  shelf.fill('A', place, 1, value('one'), 0);
  expect(await at('A')).toBeUndefined();
  const evicted = shelf.reserve('A');
  for (const symbol of ['B', 'C', 'D']) shelf.reserve(symbol);
  shelf.fill('A', evicted, 1, value('one'), 0);
  expect(await at('A')).toBeUndefined();
});

it('keeps what is asked for when it is full', async () => {
  for (const symbol of ['A', 'B', 'C']) read(symbol, 1, symbol);
  await at('A');
  read('D', 1, 'D');
  expect(await Promise.all(['A', 'B', 'C', 'D'].map((one) => at(one)))).toEqual([
    'A',
    undefined,
    'C',
    'D',
  ]);
});

it('does not have at hand what cannot be decoded', async () => {
  read('A', 1, 'broken');
  expect(await at('A')).toBeUndefined();
});

function value(text: string): string {
  return digits(0) + digits(EXPIRES_AT) + text;
}

function read(symbol: string, version: number, text: string, now = 0): void {
  shelf.fill(symbol, shelf.reserve(symbol), version, value(text), now);
}

async function at(symbol: string, now = 0): Promise<string | undefined> {
  return shelf.answer(symbol, now);
}
