import { type CandleColumn, type CandleColumns, OPTIONAL_COLUMNS } from '@barkeep/core';
import type { CheckedQuery } from '@barkeep/storage';
import type { SqliteConnections } from './sqlite-connections.ts';

/** From so many candles on, two threads are faster than one. */
const WORTH_TWO_THREADS = 50_000;

/** About the same work: the prices of the second half are told from the close, which both decode. */
const HALVES = Object.freeze([
  ['timestamp', 'close', 'volume', ...OPTIONAL_COLUMNS],
  ['open', 'high', 'low'],
] as const) satisfies readonly (readonly CandleColumn[])[];

/**
 * Reads candles on one connection, or many candles on two, each of which decodes half of the columns. Where
 * there is no second one yet, it starts for the next such read.
 */
export async function readSideBySide(
  query: CheckedQuery,
  connections: Pick<SqliteConnections, 'reader' | 'idleReader' | 'startReader'>,
): Promise<CandleColumns> {
  const one = connections.reader;
  const few = await one.call('readUpTo', [WORTH_TWO_THREADS, query]);
  if (few !== undefined) return few;
  const other = connections.idleReader;
  if (other === undefined || other === one) {
    connections.startReader();
    return one.call('read', [query]);
  }
  const [first, second] = await Promise.all([
    one.call('readPart', [query, HALVES[0]]),
    other.call('readPart', [query, HALVES[1]]),
  ]);
  if (first.state === second.state) return { ...first.columns, ...second.columns };
  // Somebody wrote between the two: the halves may be of different candles.
  return one.call('read', [query]);
}
