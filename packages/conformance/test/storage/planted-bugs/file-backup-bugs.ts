import type { StorageHarness } from '@barkeep/conformance/storage';
import { BarkeepError, type Clock, invalidInput } from '@barkeep/core';
import {
  type BackupMedium,
  type BackupSource,
  type CheckedBackup,
  type CheckedPrune,
  type CheckedRestore,
  type CreatedBackup,
  keptBackups,
  type PruneReport,
  type RestoredBackup,
  type VerifiedBackup,
} from '@barkeep/storage';
import type { PlantedStorageBug } from './plant-bug.ts';
import { ReferenceData, ReferenceStorage } from './reference-storage.ts';

/** Stands for the file system: databases and backups by path. */
class ReferenceFiles {
  readonly databases = new Map<string, ReferenceData>();
  readonly backups = new Map<string, Uint8Array>();
  /** The databases that are open. */
  readonly open = new Set<string>();

  database(path: string): ReferenceData {
    const data = this.databases.get(path) ?? new ReferenceData();
    this.databases.set(path, data);
    return data;
  }
}

interface FileOptions {
  readonly clock: Clock;
  readonly files: ReferenceFiles;
  readonly path: string;
}

/** The reference storage with backups that are files. */
class FileReference extends ReferenceStorage {
  protected readonly files: ReferenceFiles;
  readonly #path: string;

  constructor({ clock, files, path }: FileOptions) {
    // Only its backups are files of a kind: nothing of it outlives the process.
    super({ clock, data: files.database(path) }, { durability: 'volatile' });
    this.files = files;
    this.#path = path;
  }

  protected override async _open(): Promise<void> {
    this.files.open.add(this.#path);
  }

  protected override async _close(): Promise<void> {
    this.files.open.delete(this.#path);
  }

  protected override _backupMedia(): readonly BackupMedium[] {
    return ['file'];
  }

  protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
    const { to = '', overwrite } = backup;
    this.assertClosed(to);
    const { databases, backups } = this.files;
    if (databases.has(to) || (backups.has(to) && !overwrite)) throw taken(to);
    const { content, ...report } = await super._createBackup(backup);
    if (content !== undefined) backups.set(to, content);
    return { ...report, path: to, content: undefined };
  }

  protected override async _verifyBackup(from: BackupSource): Promise<VerifiedBackup> {
    return super._verifyBackup(this.bytesAt(from));
  }

  protected override async _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
    const { from, to = '', overwrite } = restore;
    this.assertClosed(to);
    if (this.files.databases.has(to) && !overwrite) throw taken(to);
    const bytes = this.bytesAt(from);
    this.files.databases.delete(to);
    const database = new FileReference({ clock: this.clock, files: this.files, path: to });
    return { ...(await database.fill({ ...restore, from: bytes })), path: to };
  }

  protected override async _pruneBackups(prune: CheckedPrune): Promise<PruneReport> {
    const { backups } = this.files;
    const found = [...backups]
      .filter(([path]) => path.startsWith(prune.directory))
      .map(([path, bytes]) => ({ ...this.unpack(bytes).description, path }));
    const kept = this.kept(found, prune.keep).map(({ path }) => path);
    const removed = found
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .map(({ path }) => path)
      .filter((path) => !kept.includes(path));
    for (const path of removed) backups.delete(path);
    return { kept, removed };
  }

  protected get kept(): typeof keptBackups {
    return keptBackups;
  }

  protected assertClosed(path: string): void {
    if (this.files.open.has(path)) throw new BarkeepError('BUSY', `${path} is open`);
  }

  protected bytesAt(path: BackupSource): Uint8Array {
    const bytes = typeof path === 'string' ? this.files.backups.get(path) : undefined;
    if (bytes === undefined) throw new BarkeepError('CANNOT_OPEN', `there is no ${path}`);
    return bytes;
  }

  /** Restores the bytes of a backup into this storage, which is empty. */
  protected fill(restore: CheckedRestore): Promise<RestoredBackup> {
    return super._restoreBackup(restore);
  }
}

function taken(path: string): BarkeepError {
  return invalidInput({ field: 'to', rule: 'must not exist', value: path });
}

/** The harness of the reference storage with files, or of a variant of it. */
export function fileHarness(
  name = 'reference-storage, files',
  Variant: new (options: FileOptions) => FileReference = FileReference,
): StorageHarness {
  const files = new ReferenceFiles();
  const open = (path: string, clock: Clock) => new Variant({ clock, files, path });
  return {
    name,
    create: ({ directory, clock }) => open(`${directory}/data`, clock),
    createAt: (path, { clock }) => open(path, clock),
  };
}

function plant(
  name: string,
  caughtBy: string,
  Variant: new (options: FileOptions) => FileReference,
): PlantedStorageBug {
  return { name, caughtBy: `storage/${caughtBy}`, harness: fileHarness(name, Variant) };
}

export const fileBackupBugs: readonly PlantedStorageBug[] = [
  plant(
    'replaces databases that are open',
    'backup/file-in-use',
    class extends FileReference {
      protected override assertClosed(): void {}
    },
  ),
  plant(
    'replaces a database by a backup',
    'backup/file-in-use',
    class extends FileReference {
      protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        this.assertClosed(backup.to ?? '');
        this.files.databases.delete(backup.to ?? '');
        return super._createBackup(backup);
      }
    },
  ),
  plant(
    'restores over a database without being told to',
    'backup/file-in-use',
    class extends FileReference {
      protected override _restoreBackup(restore: CheckedRestore): Promise<RestoredBackup> {
        return super._restoreBackup({ ...restore, overwrite: true });
      }
    },
  ),
  plant(
    'replaces a backup without being told to',
    'backup/file-in-use',
    class extends FileReference {
      protected override _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        return super._createBackup({ ...backup, overwrite: true });
      }
    },
  ),
  plant(
    'never replaces a backup',
    'backup/file-in-use',
    class extends FileReference {
      protected override _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        return super._createBackup({ ...backup, overwrite: false });
      }
    },
  ),
  plant(
    'takes what is not there for an empty backup',
    'backup/file-nowhere',
    class extends FileReference {
      protected override bytesAt(path: BackupSource): Uint8Array {
        const bytes = typeof path === 'string' ? this.files.backups.get(path) : path;
        return bytes ?? new Uint8Array(40);
      }
    },
  ),
  plant(
    'leaves half a backup where one was given up',
    'backup/given-up',
    class extends FileReference {
      protected override async _createBackup(backup: CheckedBackup): Promise<CreatedBackup> {
        const created = await super._createBackup(backup);
        for (let i = 0; i < 3; i += 1) backup.report({ phase: 'verifying', fraction: 1 });
        if (backup.signal.aborted) throw backup.signal.reason;
        return created;
      }
    },
  ),
  plant(
    'removes the latest backups',
    'backup/file-prune',
    class extends FileReference {
      protected override get kept(): typeof keptBackups {
        return (backups, keep) => backups.slice(0, keep.daily);
      }
    },
  ),
  plant(
    'removes no backup',
    'backup/file-prune',
    class extends FileReference {
      protected override get kept(): typeof keptBackups {
        return (backups) => backups.toSorted((a, b) => b.createdAt - a.createdAt);
      }
    },
  ),
  plant(
    'says that it has removed backups',
    'backup/file-prune',
    class extends FileReference {
      protected override async _pruneBackups(prune: CheckedPrune): Promise<PruneReport> {
        const before = new Map(this.files.backups);
        const report = await super._pruneBackups(prune);
        for (const [path, bytes] of before) this.files.backups.set(path, bytes);
        return report;
      }
    },
  ),
];
