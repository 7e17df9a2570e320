import { keptBackups } from '@barkeep/storage';
import { expect, it } from 'vitest';

const NONE = { last: 0, daily: 0, weekly: 0, monthly: 0 };
const HOUR = 3_600_000;
/** A Monday. */
const MONDAY = Date.UTC(2026, 0, 5);

function backup(id: string, createdAt: number, base?: string) {
  return { id, createdAt, base };
}

function idsOf(backups: readonly { readonly id: string }[]): string[] {
  return backups.map(({ id }) => id);
}

it('keeps the latest, latest first, in whichever order they are given', () => {
  const backups = [3, 1, 4, 2].map((n) => backup(`${n}`, n));
  expect(idsOf(keptBackups(backups, { ...NONE, last: 2 }))).toEqual(['4', '3']);
  expect(idsOf(keptBackups(backups, { ...NONE, last: 9 }))).toEqual(['4', '3', '2', '1']);
});

it('keeps the latest one of days, weeks and months that have any', () => {
  const backups = [
    backup('january', Date.UTC(2026, 0, 1)),
    backup('sunday', MONDAY - 1),
    backup('monday early', MONDAY),
    backup('monday late', MONDAY + 23 * HOUR),
    backup('friday', MONDAY + 4 * 24 * HOUR),
    backup('february', Date.UTC(2026, 1, 20)),
  ];
  expect(idsOf(keptBackups(backups, { ...NONE, daily: 3 }))).toEqual([
    'february',
    'friday',
    'monday late',
  ]);
  expect(idsOf(keptBackups(backups, { ...NONE, weekly: 3 }))).toEqual([
    'february',
    'friday',
    'sunday',
  ]);
  expect(idsOf(keptBackups(backups, { ...NONE, monthly: 5 }))).toEqual(['february', 'friday']);
  expect(idsOf(keptBackups(backups, { ...NONE, last: 1, daily: 2, monthly: 2 }))).toEqual([
    'february',
    'friday',
  ]);
});

it('keeps days before 1970 apart, too', () => {
  const backups = [backup('before', -1), backup('after', 0), backup('long before', -25 * HOUR)];
  expect(idsOf(keptBackups(backups, { ...NONE, daily: 9 }))).toEqual([
    'after',
    'before',
    'long before',
  ]);
  expect(idsOf(keptBackups(backups, { ...NONE, weekly: 9 }))).toEqual(['after']);
});

it('keeps what an increment continues, and what that continues', () => {
  const backups = [
    backup('full', 1),
    backup('first', 2, 'full'),
    backup('second', 3, 'first'),
    backup('other', 4),
    backup('third', 5, 'second'),
  ];
  expect(idsOf(keptBackups(backups, { ...NONE, last: 1 }))).toEqual([
    'third',
    'second',
    'first',
    'full',
  ]);
  const [full] = backups;
  const also = full === undefined ? [] : [full];
  expect(idsOf(keptBackups(backups.slice(0, 4), { ...NONE, last: 1 }, also))).toEqual([
    'other',
    'full',
  ]);
  expect(idsOf(keptBackups([backup('alone', 1, 'gone')], { ...NONE, last: 1 }))).toEqual(['alone']);
});
