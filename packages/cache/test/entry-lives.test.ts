import { type Clock, ManualClock } from '@barkeep/core';
import { expect, it } from 'vitest';
import { EntryLives } from '../src/entry-lives.ts';

const HOUR = 3_600_000;

it('lets an entry live for as long as it had left when it was first seen', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  // Written by another process, or before a restart.
  const entry = { key: 'a', expiresAt: clock.now() + 1_000 };
  expect(lives.isLive(entry)).toBe(true);
  clock.setWallTime(clock.now() - HOUR);
  clock.advance(999);
  expect(lives.isLive(entry)).toBe(true);
  clock.advance(1);
  expect(lives.isLive(entry)).toBe(false);
  const again = { key: 'a', expiresAt: clock.now() + 1_000 };
  expect(lives.isLive(again)).toBe(true);
});

it('ends a life by the wall clock too, as it was agreed with other processes', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const entry = { key: 'a', expiresAt: clock.now() + HOUR };
  lives.write([entry])();
  clock.setWallTime(clock.now() + HOUR);
  expect(lives.isLive(entry)).toBe(false);
  expect(lives.isLive({ key: 'b', expiresAt: Number.POSITIVE_INFINITY })).toBe(true);
});

it('goes by the deadline of an entry that has one', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const expiresAt = clock.now() + 1_000;
  const entry = { key: 'a', expiresAt, deadline: lives.deadlineOf(expiresAt) };
  clock.setWallTime(clock.now() - HOUR);
  clock.advance(1_000);
  expect(lives.isLive(entry)).toBe(false);
});

it('knows what passes of a clock without monotonic that is set back while it looks', () => {
  const clock = new ManualClock();
  const wallOnly: Clock = {
    now: () => clock.now(),
    setTimer: (callback, ms) => clock.setTimer(callback, ms),
  };
  const lives = new EntryLives(wallOnly);
  const entry = { key: 'a', expiresAt: clock.now() + 10_000 };
  lives.write([entry])();
  for (let i = 0; i < 10; i += 1) {
    expect(lives.isLive(entry)).toBe(true);
    clock.advance(1_000);
    expect(lives.isLive(entry)).toBe(i < 9);
    clock.setWallTime(clock.now() - HOUR);
  }
  expect(lives.isLive(entry)).toBe(false);
});

it('remembers a bounded number of entries, and falls back on the wall clock', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const expiresAt = clock.now() + 1_000;
  for (let i = 0; i <= 50_000; i += 1) lives.write([{ key: `${i}`, expiresAt }])();
  clock.setWallTime(clock.now() - HOUR);
  clock.advance(1_000);
  expect(lives.isLive({ key: '50000', expiresAt })).toBe(false);
  expect(lives.isLive({ key: '0', expiresAt })).toBe(true);
});

it('remembers what an entry replaces until it is written, and for good when that fails', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const before = { key: 'a', expiresAt: clock.now() + 1_000 };
  lives.write([before])();
  clock.setWallTime(clock.now() - HOUR);
  const written = lives.write([{ key: 'a', expiresAt: Number.POSITIVE_INFINITY }]);
  // Found by a read while the write is under way, and again after it has failed.
  expect(lives.isLive(before)).toBe(true);
  clock.advance(1_000);
  expect(lives.isLive(before)).toBe(false);
  written();
  // It is none of those that were seen any more.
  expect(lives.isLive(before)).toBe(true);
});

it('remembers what is being written, whatever else is found of its key meanwhile', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const entry = { key: 'a', expiresAt: clock.now() + 1_000 };
  const written = lives.write([entry]);
  expect(lives.isLive({ key: 'a', expiresAt: clock.now() + 500 })).toBe(true);
  written();
  clock.setWallTime(clock.now() - HOUR);
  clock.advance(999);
  expect(lives.isLive(entry)).toBe(true);
  clock.advance(1);
  expect(lives.isLive(entry)).toBe(false);
});

it('forgets all entries of before when they are gone, and none that were written since', () => {
  const clock = new ManualClock();
  const lives = new EntryLives(clock);
  const [old, fresh] = ['a', 'b'].map((key) => ({ key, expiresAt: clock.now() + 1_000 }));
  if (old === undefined || fresh === undefined) throw new TypeError('two entries');
  lives.write([old])();
  const cleared = lives.clear();
  lives.write([fresh])();
  clock.setWallTime(clock.now() - HOUR);
  clock.advance(1_000);
  expect([lives.isLive(old), lives.isLive(fresh)]).toEqual([false, false]);
  cleared();
  expect([lives.isLive(old), lives.isLive(fresh)]).toEqual([true, false]);
});
