import type { AdapterScheme } from './adapter-from-url.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import { neutralSchemes } from './neutral-schemes.ts';

const redisScheme = nodeOnly('@barkeep/realtime-redis');

/**
 * What browsers can have. The adapters of Node are known by name and imported nowhere: a bundle for
 * browsers holds nothing of them, also where they are installed.
 */
export const browserSchemes: AdapterRegistry = {
  storage: {
    ...neutralSchemes.storage,
    sqlite: nodeOnly('@barkeep/storage-sqlite'),
    sqljs: nodeOnly('@barkeep/storage-sqljs'),
  },
  realtime: {
    ...neutralSchemes.realtime,
    redis: redisScheme,
    rediss: redisScheme,
    'redis-cluster': redisScheme,
  },
  cache: {
    ...neutralSchemes.cache,
    disk: nodeOnly('@barkeep/cache-disk'),
    keyv: nodeOnly('@barkeep/cache-keyv'),
  },
};

function nodeOnly(packageName: string): AdapterScheme<never> {
  return { package: packageName, platform: 'node', parameters: {} };
}
