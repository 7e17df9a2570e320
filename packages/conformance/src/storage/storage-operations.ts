import type { CallOptions } from '@barkeep/core';
import type {
  ICandleRepository,
  IChangeFeed,
  ICoverageRepository,
  IIntegrityCheck,
  IMarketDataStorage,
  IMetadataRepository,
  IStorageMaintenance,
} from '@barkeep/storage';
import { assertDefined } from '../assertions.ts';
import { KEY, minutes, sampleMinutes } from './sample-candles.ts';

type StorageOperationName =
  | `candles.${keyof ICandleRepository}`
  | `coverage.${keyof ICoverageRepository}`
  | `metadata.${keyof IMetadataRepository}`
  | `changes.${Exclude<keyof IChangeFeed, 'subscribe'>}`
  | `integrity.${keyof IIntegrityCheck}`
  | `maintenance.${keyof IStorageMaintenance}`
  | 'flush'
  | 'stats';

export type StorageOperation = (
  storage: IMarketDataStorage,
  options?: CallOptions,
) => Promise<unknown>;

const RANGE = minutes(0, 10);
const LEASE = { name: 'conformance', owner: 'one', forMs: 1_000 };

/**
 * A valid call of every asynchronous method. The type asks for each of them, so a method that the
 * contract gains is a compile error here until it is called in every state of a storage's life.
 */
const STORAGE_OPERATIONS: Readonly<Record<StorageOperationName, StorageOperation>> = {
  'candles.write': ({ candles }, options) =>
    candles.write({ key: KEY, candles: sampleMinutes(0, 3), covers: RANGE }, options),
  'candles.read': ({ candles }, options) => candles.read({ ...KEY }, options),
  'candles.readColumns': ({ candles }, options) =>
    candles.readColumns({ ...KEY }, ['close'], options),
  'candles.readMany': ({ candles }, options) => candles.readMany([{ ...KEY }], options),
  'candles.scan': ({ candles }, options) => collect(candles.scan({ ...KEY }, options)),
  'candles.remove': ({ candles }, options) => candles.remove(KEY, RANGE, options),
  'candles.revisions': ({ candles }, options) => candles.revisions(KEY, [RANGE], options),
  'candles.snapshots': ({ candles }, options) =>
    candles.snapshots([{ ...KEY, ranges: [{ candles: 'always' }] }], options),
  'candles.list': ({ candles }, options) => candles.list({}, options),
  'coverage.add': ({ coverage }, options) =>
    coverage.add(KEY, RANGE, { source: 'conformance' }, options),
  'coverage.of': ({ coverage }, options) => coverage.of(KEY, RANGE, options),
  'coverage.missing': ({ coverage }, options) => coverage.missing(KEY, RANGE, options),
  'coverage.remove': ({ coverage }, options) => coverage.remove(KEY, RANGE, options),
  'coverage.continuity': ({ coverage }, options) => coverage.continuity(KEY, RANGE, options),
  'metadata.get': ({ metadata }, options) => metadata.get('note', options),
  'metadata.set': ({ metadata }, options) => metadata.set('note', { text: 'hello' }, options),
  'metadata.delete': ({ metadata }, options) => metadata.delete('note', options),
  'metadata.keys': ({ metadata }, options) => metadata.keys('', options),
  'changes.announce': ({ changes }, options) => changes.announce(KEY, RANGE, options),
  'integrity.check': of('integrity', (it, options) => it.check(undefined, options)),
  'integrity.repair': of('integrity', (it, options) => it.repair(undefined, options)),
  'integrity.quarantine': of('integrity', (it, options) => it.quarantine(undefined, options)),
  'maintenance.compact': of('maintenance', (it, options) => it.compact({}, options)),
  'maintenance.explain': of('maintenance', (it, options) => it.explain({}, options)),
  'maintenance.fragmentation': of('maintenance', (it, options) => it.fragmentation(options)),
  'maintenance.vacuum': of('maintenance', (it, options) => it.vacuum(options)),
  'maintenance.incrementalVacuum': of('maintenance', (it, options) =>
    it.incrementalVacuum(options),
  ),
  'maintenance.analyze': of('maintenance', (it, options) => it.analyze(options)),
  'maintenance.reindex': of('maintenance', (it, options) => it.reindex(options)),
  'maintenance.advise': of('maintenance', (it, options) => it.advise(options)),
  'maintenance.slowQueries': of('maintenance', (it, options) => it.slowQueries(options)),
  'maintenance.activity': of('maintenance', (it, options) => it.activity(options)),
  'maintenance.lease': of('maintenance', (it, options) => it.lease(LEASE, options)),
  flush: (storage, options) => storage.flush(options),
  stats: (storage, options) => storage.stats(options),
};

function of<Name extends 'integrity' | 'maintenance'>(
  name: Name,
  call: (part: NonNullable<IMarketDataStorage[Name]>, options?: CallOptions) => Promise<unknown>,
): StorageOperation {
  return (storage, options) => call(assertDefined(storage[name], `storage.${name}`), options);
}

/** The calls of the parts that a storage declares. */
export function operationsOf({
  capabilities,
}: IMarketDataStorage): Record<string, StorageOperation> {
  const missing = (['integrity', 'maintenance', 'revisions'] as const)
    .filter((part) => !capabilities[part])
    .map((part) => (part === 'revisions' ? 'candles.revisions' : `${part}.`));
  const calls = Object.entries(STORAGE_OPERATIONS);
  return Object.fromEntries(
    calls.filter(([name]) => !missing.some((start) => name.startsWith(start))),
  );
}

/** Everything an iterable yields. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}
