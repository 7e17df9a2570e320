import type { SeriesKey } from '@barkeep/core';
import { nextTurn } from '@barkeep/core';
import type {
  BackupMedium,
  BackupSource,
  CheckedBackup,
  CheckedRestore,
  CreatedBackup,
  RestoredBackup,
  VerifiedBackup,
} from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { type KeptState, ReferenceStorage } from './reference-storage.ts';

type State = Pick<KeptState, 'series' | 'documents'>;

export const backupBugs: readonly PlantedStorageBug[] = [
  plantBugOutside('hides its backups', 'capabilities/backup', () => ({
    backup: undefined,
  })),
  plantBug(
    'leaves documents out of backups',
    'backup/apart',
    class extends ReferenceStorage {
      protected override stateToKeep(): State {
        return { ...super.stateToKeep(), documents: new Map() };
      }
    },
  ),
  plantBug(
    'leaves coverage out of backups',
    'backup/report',
    class extends ReferenceStorage {
      protected override stateToKeep(): State {
        const { series, documents } = super.stateToKeep();
        const without = [...series].map(([name, one]) => [name, { ...one, coverage: [] }] as const);
        return { series: new Map(without), documents };
      }
    },
  ),
  plantBug(
    'leaves series without candles out of backups',
    'backup/report',
    class extends ReferenceStorage {
      protected override stateToKeep(): State {
        const { series, documents } = super.stateToKeep();
        const some = [...series].filter(([, { candles }]) => candles.size > 0);
        return { series: new Map(some), documents };
      }
    },
  ),
  plantBug(
    'rounds prices in backups',
    'backup/apart',
    class extends ReferenceStorage {
      protected override pack(state: KeptState): Uint8Array {
        const rounded = [...state.series].map(([name, { candles, coverage }]) => {
          const all = [...candles].map(([at, candle]) => {
            const low = Number(candle.low.toFixed(8));
            return [at, { ...candle, low }] as const;
          });
          return [name, { candles: new Map(all), coverage }] as const;
        });
        return super.pack({ ...state, series: new Map(rounded) });
      }
    },
  ),
  plantBug(
    'copies one series after the other while writes go on',
    'backup/one-state',
    class extends ReferenceStorage {
      protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        const first = super.stateToKeep();
        for (let i = 0; i < 5; i += 1) await nextTurn();
        const [name] = first.series.keys();
        const second = super.stateToKeep();
        const mixed = [...second.series].map(([one, series]) => {
          const before = one === name ? first.series.get(one) : undefined;
          return [one, before ?? series] as const;
        });
        this.stateToKeep = () => ({ ...second, series: new Map(mixed) });
        return super._createBackup(backup);
      }
    },
  ),
  plantBug(
    'backs up what it had a while ago',
    'backup/report',
    class extends ReferenceStorage {
      readonly #states: State[] = [];

      protected override async _write(...[batches]: Parameters<ReferenceStorage['_write']>) {
        this.#states.push(super.stateToKeep());
        return super._write(batches);
      }

      protected override stateToKeep(): State {
        return this.#states.at(-1) ?? super.stateToKeep();
      }
    },
  ),
  plantBug(
    'gives every backup the same id',
    'backup/report',
    class extends ReferenceStorage {
      protected override pack(state: KeptState): Uint8Array {
        return super.pack({ ...state, id: 'backup' });
      }
    },
  ),
  plantBug(
    'dates backups by another clock',
    'backup/report',
    class extends ReferenceStorage {
      protected override pack(state: KeptState): Uint8Array {
        return super.pack({ ...state, createdAt: state.createdAt - 1 });
      }
    },
  ),
  plantBug(
    'miscounts the bytes of a backup',
    'backup/report',
    class extends ReferenceStorage {
      protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        return { ...(await super._createBackup(backup)), bytes: 1 };
      }
    },
  ),
  plantBug(
    'hands out one memory for all backups',
    'backup/report',
    class extends ReferenceStorage {
      protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        const created = await super._createBackup(backup);
        queueMicrotask(() => created.content?.fill(0));
        return created;
      }
    },
  ),
  plantBug(
    'finds every backup sound',
    'backup/bytes-damaged',
    class extends ReferenceStorage {
      protected override async _verifyBackup(from: BackupSource): Promise<VerifiedBackup> {
        return { ...(await super._verifyBackup(from)), problems: [] };
      }
    },
  ),
  plantBug(
    'empties itself before it looks at a backup',
    'backup/bytes-damaged',
    class extends ReferenceStorage {
      protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        this.clear();
        return super._restoreBackup(restore);
      }
    },
  ),
  plantBug(
    'replaces what is stored without being told to',
    'backup/bytes-overwrite',
    class extends ReferenceStorage {
      protected override _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        return super._restoreBackup({ ...restore, overwrite: true });
      }
    },
  ),
  plantBug(
    'takes a storage with documents alone for empty',
    'backup/bytes-overwrite',
    class extends ReferenceStorage {
      protected override get isEmpty(): boolean {
        return [...this.data.series.values()].every(({ candles }) => candles.size === 0);
      }
    },
  ),
  plantBug(
    'adds a backup to what is stored',
    'backup/bytes-overwrite',
    class extends ReferenceStorage {
      protected override clear(): void {}
    },
  ),
  plantBug(
    'keeps revisions when it is replaced',
    'backup/bytes-overwrite',
    class extends ReferenceStorage {
      #isRestoring = false;

      protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        this.#isRestoring = true;
        return super._restoreBackup(restore);
      }

      protected override noteChange(
        ...[key, interval]: Parameters<ReferenceStorage['noteChange']>
      ) {
        if (!this.#isRestoring) super.noteChange(key, interval);
      }
    },
  ),
  plantBug(
    'tells of a restoration twice',
    'backup/bytes-overwrite',
    class extends ReferenceStorage {
      protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        this.publish({ type: 'lagged' });
        return super._restoreBackup(restore);
      }
    },
  ),
  plantBugOutside('tells nobody of a restoration', 'backup/bytes-overwrite', (storage) => ({
    changes: {
      subscribe: (listener) =>
        storage.changes.subscribe((event) => {
          if (event.type !== 'lagged') listener(event);
        }),
      announce: (...call) => storage.changes.announce(...call),
    },
  })),
  plantBugOutside('cannot be told to stop a backup', 'backup/given-up', ({ backup }) =>
    backup === undefined
      ? {}
      : {
          backup: { ...backup, create: ({ signal: _, ...options } = {}) => backup.create(options) },
        },
  ),
  plantBugOutside('has no deadline', 'backup/given-up', ({ backup }) =>
    backup === undefined
      ? {}
      : {
          backup: {
            ...backup,
            create: ({ deadlineMs: _, ...options } = {}) => backup.create(options),
          },
        },
  ),
  plantBugOutside('takes whatever it is given for a backup', 'backup/invalid', ({ backup }) =>
    backup === undefined
      ? {}
      : {
          backup: {
            ...backup,
            verify: (from, options) => backup.verify(from ?? new Uint8Array(0), options),
          },
        },
  ),
  plantBug(
    'loses the last series of a backup',
    'backup/apart',
    class extends ReferenceStorage {
      protected override unpack(from: BackupSource): ReturnType<ReferenceStorage['unpack']> {
        const { kept, description } = super.unpack(from);
        const series = new Map([...kept.series].slice(0, -1));
        return { kept: { ...kept, series }, description };
      }
    },
  ),
  plantBug(
    'has other candles under the name of one series',
    'backup/apart',
    class extends ReferenceStorage {
      readonly #restored = new Map<string, string>();

      protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        const report = await super._restoreBackup(restore);
        for (const name of this.data.series.keys()) this.#restored.set(name, `${name} restored`);
        return report;
      }

      protected override nameOf(key: SeriesKey): string {
        const name = super.nameOf(key);
        return this.#restored.get(name) === undefined ? name : `${name} lost`;
      }
    },
  ),
  plantBug(
    'goes back and forth in its progress',
    'backup/report',
    class extends ReferenceStorage {
      protected override _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        backup.report({ phase: 'verifying', fraction: 0.5 });
        backup.report({ phase: 'copying', fraction: 0.5 });
        return super._createBackup(backup);
      }
    },
  ),
  plantBug(
    'takes any medium for a backup',
    'backup/file-in-use',
    class extends ReferenceStorage {
      protected override _backupMedia(): readonly BackupMedium[] {
        return ['bytes', 'file'];
      }
    },
  ),
];
