import { ManualClock, monotonicTime } from '@barkeep/core';
import { beforeEach, expect, it } from 'vitest';
import { NearShelf } from '../src/near-shelf.ts';

const EXPIRES_AT = 1_000;
let clock: ManualClock;
let shelf: NearShelf<string>;

beforeEach(() => {
  clock = new ManualClock(0);
  shelf = new NearShelf({
    maxSymbols: 3,
    maxAgeMs: 500,
    time: monotonicTime(clock),
    decode: (_, stored) => (stored === 'broken' ? undefined : stored),
  });
});

it('gives what a read filled in, until it expires or is too old', async () => {
  read('A', 1, 'one');
  expect(await at('A')).toBe('one');
  const answer = shelf.answer('A');
  clock.advance(499);
  expect(shelf.answer('A')).toBe(answer);
  clock.advance(1);
  expect(await at('A')).toBeUndefined();
  clock.advance(100);
  read('A', 1, 'one');
  clock.advance(399);
  expect(await at('A')).toBe('one');
  clock.advance(1);
  expect(await at('A')).toBeUndefined();
});

it('never goes back to an older version', async () => {
  read('A', 5, 'five');
  shelf.hear('A', 4, 'four', EXPIRES_AT);
  expect(await at('A')).toBe('five');
  shelf.hear('A', 6, 'six', EXPIRES_AT);
  expect(await at('A')).toBe('six');
  read('A', 5, 'five');
  expect(await at('A')).toBe('six');
});

it('takes the later one of the same version', async () => {
  read('A', 5, 'first');
  shelf.hear('A', 5, 'second', EXPIRES_AT);
  expect(await at('A')).toBe('second');
});

it('refuses what a read found when something newer was heard of meanwhile', async () => {
  const place = shelf.reserve('A');
  shelf.hear('A', 7, 'seven', EXPIRES_AT);
  shelf.fill('A', place, 6, 'six', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  shelf.fill('A', place, 7, 'seven', EXPIRES_AT);
  expect(await at('A')).toBe('seven');
});

it('leaves a place empty that no read has filled: what is heard of late may be gone', async () => {
  const place = shelf.reserve('A');
  shelf.hear('A', 7, 'seven', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  shelf.fill('A', place, 7, null, EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
});

it('forgets what was deleted, and refuses what was written before', async () => {
  read('A', 5, 'five');
  shelf.hear('A', 6, undefined, EXPIRES_AT);
  shelf.hear('A', 5, 'five', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  read('A', 5, 'five');
  expect(await at('A')).toBeUndefined();
  read('A', 7, 'seven');
  expect(await at('A')).toBe('seven');
});

it('does not fill a place that was cleared or evicted meanwhile', async () => {
  const place = shelf.reserve('A');
  shelf.clear();
  shelf.fill('A', place, 1, 'one', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  const evicted = shelf.reserve('A');
  for (const symbol of ['B', 'C', 'D']) shelf.reserve(symbol);
  shelf.fill('A', evicted, 1, 'one', EXPIRES_AT);
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

function read(symbol: string, version: number, text: string): void {
  shelf.fill(symbol, shelf.reserve(symbol), version, text, EXPIRES_AT);
}

async function at(symbol: string): Promise<string | undefined> {
  return shelf.answer(symbol);
}
