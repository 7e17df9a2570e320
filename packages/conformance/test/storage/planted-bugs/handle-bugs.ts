import { CandleSeries, nextTurn, type Unsubscribe } from '@barkeep/core';
import type { BatchOutcome, ChangeEvent, CheckedBatch, StorageSize } from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { ReferenceStorage } from './reference-storage.ts';

export const handleBugs: readonly PlantedStorageBug[] = [
  plantBugOutside('answers when closed', 'lifecycle/calls', ({ candles }) => ({
    candles: {
      ...candles,
      read: (query, options) => candles.read(query, options).catch(() => CandleSeries.empty(query)),
    },
  })),
  plantBugOutside('opens by itself', 'lifecycle/calls', (storage) => ({
    candles: {
      ...storage.candles,
      list: async (filter, options) => {
        if (storage.state === 'idle') await storage.open();
        return storage.candles.list(filter, options);
      },
    },
  })),
  plantBugOutside('opens again after close', 'lifecycle/states', (storage) => ({
    open: (options) => (storage.state === 'closed' ? Promise.resolve() : storage.open(options)),
  })),
  plantBugOutside('forgets abort signals', 'abort/calls', ({ candles }) => ({
    candles: { ...candles, write: (batches) => candles.write(batches) },
  })),
  plantBugOutside('scans on when aborted', 'scan/given-up', ({ candles }) => ({
    candles: {
      ...candles,
      scan: (query, options) => candles.scan(query, options?.signal?.aborted ? options : {}),
    },
  })),
  plantBugOutside('claims integrity checks', 'capabilities/integrity', () => ({
    integrity: undefined,
  })),
  plantBugOutside('hides integrity checks', 'capabilities/integrity', ({ capabilities }) => ({
    capabilities: { ...capabilities, integrity: false },
  })),
  plantBugOutside('denies its backups', 'capabilities/backup', ({ capabilities }) => ({
    capabilities: { ...capabilities, backup: false },
  })),
  plantBugOutside('shares documents', 'model/reopen', ({ metadata }) => {
    const documents = new Map<string, Awaited<ReturnType<typeof metadata.get>>>();
    return {
      metadata: {
        ...metadata,
        set: async (key, value, options) => {
          documents.set(key, value);
          await metadata.set(key, value, options);
        },
        get: async (key) => documents.get(key),
      },
    };
  }),
  plantBug(
    'takes document prefixes for patterns',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _metadataKeys(prefix: string): Promise<string[]> {
        const keys = await super._metadataKeys('');
        return keys.filter((key) => key.startsWith(prefix.replace(/[%*]$/, '')));
      }
    },
  ),
  plantBug(
    'deletes documents by prefix',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _deleteMetadata(key: string): Promise<boolean> {
        const keys = await this._metadataKeys(key);
        for (const each of keys) await super._deleteMetadata(each);
        return keys.length > 0;
      }
    },
  ),
  plantBug(
    'forgets documents when closed',
    'model/reopen',
    class extends ReferenceStorage {
      protected override async _close(): Promise<void> {
        this.data.documents.clear();
      }
    },
  ),
  plantBug(
    'counts only what it wrote',
    'model/commands',
    class extends ReferenceStorage {
      #written = 0;

      protected override store(batch: CheckedBatch): BatchOutcome {
        const outcome = super.store(batch);
        this.#written += outcome.inserted;
        return outcome;
      }

      protected override async _size(): Promise<StorageSize> {
        return { ...(await super._size()), candles: this.#written };
      }
    },
  ),
  plantBug(
    'tells of inserts only',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const outcome = super.store(batch);
        return outcome.inserted > 0 ? outcome : { ...outcome, changed: undefined };
      }
    },
  ),
  plantBug(
    'tells of unchanged candles',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        return { ...super.store(batch), changed: batch.series.extent };
      }
    },
  ),
  plantBug(
    'tells too narrow a stretch',
    'model/commands',
    class extends ReferenceStorage {
      protected override store(batch: CheckedBatch): BatchOutcome {
        const { changed, ...outcome } = super.store(batch);
        return { ...outcome, changed: changed && { from: changed.from, to: changed.from + 1 } };
      }
    },
  ),
  plantBug(
    'tells before it commits',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _write(batches: readonly CheckedBatch[]): Promise<BatchOutcome[]> {
        for (const { key, series } of batches) {
          const interval = { from: series.firstTimestamp, to: series.lastTimestamp + 1 };
          this.publish({ type: 'candles', key, interval, origin: 'local' });
        }
        await nextTurn();
        const outcomes = await super._write(batches);
        return outcomes.map((outcome) => ({ ...outcome, changed: undefined }));
      }
    },
  ),
  listening('tells listeners after they left', 'changes/listeners', () => ({
    stop: () => undefined,
  })),
  listening('lets a listener stop the others', 'changes/throwing-listener', () => ({
    onError: () => undefined,
  })),
  listening('tells late', 'model/commands', () => ({
    defer: (tell) => void afterTurns(20).then(tell),
  })),
];

/** More of them than a write may take by itself, on a machine that is busy. */
async function afterTurns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await nextTurn();
}

interface Listening {
  readonly stop?: Unsubscribe;
  readonly onError?: (error: unknown) => void;
  readonly defer?: (tell: () => void) => void;
}

/** Treats the listeners of its change feed wrongly. */
function listening(name: string, caughtBy: string, how: () => Listening): PlantedStorageBug {
  const { stop, onError, defer = (tell) => tell() } = how();
  return plantBugOutside(name, caughtBy, ({ changes }) => ({
    changes: {
      ...changes,
      subscribe: (listener) => {
        const tell = (event: ChangeEvent): void => {
          try {
            listener(event);
          } catch (error) {
            if (onError === undefined) throw error;
            onError(error);
          }
        };
        const unsubscribe = changes.subscribe((event) => defer(() => tell(event)));
        return stop ?? unsubscribe;
      },
    },
  }));
}
