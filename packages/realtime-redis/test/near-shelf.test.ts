import { ManualClock, monotonicTime } from '@barkeep/core';
import { beforeEach, expect, it } from 'vitest';
import { NearValues } from '../src/near-values.ts';

const EXPIRES_AT = 1_000;
let clock: ManualClock;
let nearValues: NearValues<string>;

beforeEach(() => {
  clock = new ManualClock(0);
  nearValues = new NearValues({
    maxSymbols: 3,
    maxAgeMs: 500,
    time: monotonicTime(clock),
    decode: (_, stored) => (stored === 'broken' ? undefined : stored),
  });
});

it('gives what a read filled in, until it expires or is too old', async () => {
  read('A', 1, 'one');
  expect(await at('A')).toBe('one');
  const answer = nearValues.answer('A');
  clock.advance(499);
  expect(nearValues.answer('A')).toBe(answer);
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
  nearValues.hear('A', 4, 'four', EXPIRES_AT);
  expect(await at('A')).toBe('five');
  nearValues.hear('A', 6, 'six', EXPIRES_AT);
  expect(await at('A')).toBe('six');
  read('A', 5, 'five');
  expect(await at('A')).toBe('six');
});

it('takes the later one of the same version', async () => {
  read('A', 5, 'first');
  nearValues.hear('A', 5, 'second', EXPIRES_AT);
  expect(await at('A')).toBe('second');
});

it('refuses what a read found when something newer was heard of meanwhile', async () => {
  const place = nearValues.reserve('A');
  nearValues.hear('A', 7, 'seven', EXPIRES_AT);
  nearValues.fill('A', place, 6, 'six', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  nearValues.fill('A', place, 7, 'seven', EXPIRES_AT);
  expect(await at('A')).toBe('seven');
});

it('leaves a place empty that no read has filled: what is heard of late may be gone', async () => {
  const place = nearValues.reserve('A');
  nearValues.hear('A', 7, 'seven', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  nearValues.fill('A', place, 7, null, EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
});

it('forgets what was deleted, and refuses what was written before', async () => {
  read('A', 5, 'five');
  nearValues.hear('A', 6, undefined, EXPIRES_AT);
  nearValues.hear('A', 5, 'five', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  read('A', 5, 'five');
  expect(await at('A')).toBeUndefined();
  read('A', 7, 'seven');
  expect(await at('A')).toBe('seven');
});

it('does not fill a place that was cleared or evicted meanwhile', async () => {
  const place = nearValues.reserve('A');
  nearValues.clear();
  nearValues.fill('A', place, 1, 'one', EXPIRES_AT);
  expect(await at('A')).toBeUndefined();
  const evicted = nearValues.reserve('A');
  for (const symbol of ['B', 'C', 'D']) nearValues.reserve(symbol);
  nearValues.fill('A', evicted, 1, 'one', EXPIRES_AT);
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
  nearValues.fill(symbol, nearValues.reserve(symbol), version, text, EXPIRES_AT);
}

async function at(symbol: string): Promise<string | undefined> {
  return nearValues.answer(symbol);
}
