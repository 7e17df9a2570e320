import type { KnownAdapter, SchemeTables } from './known-adapters.ts';
import { neutralAdapters } from './neutral-adapters.ts';

const redis = onlyInNode('@barkeep/realtime-redis');

/**
 * What browsers can have. The adapters of Node are known by name and imported nowhere: a bundle for
 * browsers holds nothing of them, also where they are installed.
 */
export const browserAdapters: SchemeTables = {
  storage: {
    ...neutralAdapters.storage,
    sqlite: onlyInNode('@barkeep/storage-sqlite'),
    sqljs: onlyInNode('@barkeep/storage-sqljs'),
  },
  realtime: {
    ...neutralAdapters.realtime,
    redis,
    rediss: redis,
    'redis-cluster': redis,
  },
  cache: {
    ...neutralAdapters.cache,
    disk: onlyInNode('@barkeep/cache-disk'),
    keyv: onlyInNode('@barkeep/cache-keyv'),
  },
};

function onlyInNode(packageName: string): KnownAdapter<never> {
  return { package: packageName, platform: 'node' };
}
