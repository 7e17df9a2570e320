import type {
  BackupMedium,
  BackupOptions,
  BackupReport,
  BackupSource,
  IMarketDataStorage,
  IStorageBackup,
} from '@barkeep/storage';
import { assertDefined, assertEqual, assertTrue } from '../assertions.ts';
import type { StorageContext } from './storage-scenario.ts';

/** Makes and restores backups of a storage, be they files or bytes. */
export class StorageBackups {
  readonly storage: IMarketDataStorage;
  readonly context: StorageContext;
  readonly backup: IStorageBackup;
  readonly medium: BackupMedium;

  constructor(storage: IMarketDataStorage, context: StorageContext) {
    this.storage = storage;
    this.context = context;
    this.backup = assertDefined(storage.backup, 'storage.backup');
    this.medium = this.backup.media.includes('bytes') ? 'bytes' : 'file';
  }

  /** What `create` needs to make a backup of a name. */
  options(name: string): BackupOptions {
    return this.medium === 'bytes' ? {} : { to: this.context.pathBeside(this.storage, name) };
  }

  async make(
    name: string,
    options: BackupOptions = {},
  ): Promise<{ source: BackupSource; report: BackupReport }> {
    const report = await this.backup.create({ ...this.options(name), ...options });
    const has = [report.content !== undefined, report.path !== undefined];
    assertEqual(has, [this.medium === 'bytes', this.medium === 'file'], 'it has bytes, and a path');
    assertTrue(report.tookMs >= 0, 'it took some time');
    return { source: assertDefined(report.path ?? report.content, 'the backup'), report };
  }

  /** An open storage that a backup was restored to, over nothing or over other data. */
  async restored(from: BackupSource): Promise<IMarketDataStorage> {
    if (this.medium === 'bytes') {
      const other = await this.context.open();
      await other.metadata.set('in the way', true);
      await assertDefined(other.backup, 'storage.backup').restore({ from, overwrite: true });
      return other;
    }
    const to = this.context.pathBeside(this.storage, `restored-${crypto.randomUUID()}`);
    await this.backup.restore({ from, to });
    return this.context.openAt(to, this.storage);
  }
}
