/**
 * The README's table of adapters, made from what each adapter says of itself. `pnpm adapter-table`
 * writes it; a test fails when it is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CacheCapabilities } from '../packages/cache/src/index.ts';
import { DiskCache } from '../packages/cache-disk/src/index.ts';
import { keyvCacheFromUrl } from '../packages/cache-keyv/src/index.ts';
import { MemoryCache } from '../packages/cache-memory/src/index.ts';
import type { Platform } from '../packages/core/src/index.ts';
import type { RealtimeCapabilities } from '../packages/realtime/src/index.ts';
import { MemoryRealtime } from '../packages/realtime-memory/src/index.ts';
import { RedisRealtime } from '../packages/realtime-redis/src/index.ts';
import type { Durability, StorageCapabilities } from '../packages/storage/src/index.ts';
import { MemoryStorage } from '../packages/storage-memory/src/index.ts';
import { SqliteStorage } from '../packages/storage-sqlite/src/index.ts';
import { SqlJsStorage } from '../packages/storage-sqljs/src/index.ts';

interface AdapterRow {
  readonly package: string;
  readonly url: string;
  readonly survives: string;
  readonly shared: string;
  readonly bounds: string;
  readonly runsIn: string;
}

const README = resolve(import.meta.dirname, '../README.md');
const BEGIN = '<!-- adapters: written by `pnpm adapter-table` -->\n\n';
const END = '\n\n<!-- end of adapters -->';

const TITLES: AdapterRow = {
  package: 'package',
  url: 'URL',
  survives: 'what a resolved write survives',
  shared: 'what other processes see',
  bounds: 'bounds, by default',
  runsIn: 'runs in',
};

const SURVIVED: Readonly<Record<Durability, string>> = {
  volatile: 'nothing',
  snapshot: 'a power cut, up to the last `flush()` or `close()`',
  'process-crash': 'the end of the process',
  'power-loss': 'a power cut',
};

/** Rows of cells, the titles first. Nothing is opened. */
export async function adapterTable(): Promise<string[][]> {
  const rows = [TITLES, ...storageRows(), ...(await cacheRows()), ...realtimeRows()];
  return rows.map((row) => [
    row.package === TITLES.package ? row.package : `[${row.package}](packages/${row.package})`,
    row.url.startsWith('URL') ? row.url : `\`${row.url}\``,
    row.survives,
    row.shared,
    row.bounds,
    row.runsIn,
  ]);
}

/** The cells of the table that the README has now. */
export function tableInReadme(readme: string): string[][] {
  const lines = readme.slice(readme.indexOf(BEGIN), readme.indexOf(END)).split('\n');
  return lines
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function storageRows(): AdapterRow[] {
  const path = join(tmpdir(), 'market_data.sqlite3');
  const careful = new SqliteStorage({ path, durability: 'power-loss' }).capabilities.durability;
  const sqlite = new SqliteStorage({ path }).capabilities;
  return [
    {
      ...storageRow('storage-sqlite', 'sqlite:./market_data.sqlite3', sqlite),
      survives: `${SURVIVED[sqlite.durability]}; ${SURVIVED[careful]} with \`?durability=${careful}\``,
    },
    storageRow(
      'storage-sqljs',
      'sqljs:./market_data.sqlite3',
      new SqlJsStorage({ path }).capabilities,
    ),
    storageRow('storage-memory', 'memory:', new MemoryStorage().capabilities),
  ];
}

function storageRow(name: string, url: string, capabilities: StorageCapabilities): AdapterRow {
  const { durability, sharing, changes, platforms } = capabilities;
  const shares = sharing === 'multi-process';
  return {
    package: name,
    url,
    survives: SURVIVED[durability],
    shared: shares ? `candles${changes === 'shared' ? ' and changes' : ''}` : 'nothing',
    bounds: '–',
    runsIn: named(platforms),
  };
}

async function cacheRows(): Promise<AdapterRow[]> {
  const map = await keyvCacheFromUrl({ url: '' });
  const store = await keyvCacheFromUrl({ url: 'redis://localhost' });
  return [
    cacheRow('cache-memory', 'memory:', new MemoryCache().capabilities),
    cacheRow('cache-disk', 'disk:./cache', new DiskCache().capabilities),
    cacheRow('cache-keyv', 'keyv:', map.capabilities),
    cacheRow('cache-keyv', 'keyv:redis://localhost', store.capabilities),
  ];
}

function cacheRow(name: string, url: string, capabilities: CacheCapabilities): AdapterRow {
  const { sharing, persistent, maxEntries, maxBytes, platforms } = capabilities;
  return {
    package: name,
    url,
    survives: persistent ? SURVIVED['process-crash'] : SURVIVED.volatile,
    shared: sharing === 'multi-process' ? 'entries and invalidation' : 'nothing',
    bounds: bounds({ entries: maxEntries, bytes: maxBytes }),
    runsIn: named(platforms),
  };
}

function realtimeRows(): AdapterRow[] {
  const redis = new RedisRealtime({ url: 'redis://localhost' });
  return [
    realtimeRow('realtime-memory', 'memory:', new MemoryRealtime().capabilities),
    realtimeRow('realtime-redis', 'redis://localhost', redis.capabilities),
  ];
}

function realtimeRow(name: string, url: string, capabilities: RealtimeCapabilities): AdapterRow {
  const { sharing, maxSymbols, maxTradesPerSymbol, platforms } = capabilities;
  const shares = sharing === 'multi-process';
  return {
    package: name,
    url,
    survives: shares ? `${SURVIVED['process-crash']}, until it expires` : SURVIVED.volatile,
    shared: shares ? 'values and updates' : 'nothing',
    bounds: bounds({ symbols: maxSymbols, 'trades a symbol': maxTradesPerSymbol }),
    runsIn: named(platforms),
  };
}

function bounds(limits: Readonly<Record<string, number | undefined>>): string {
  const known = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  return known.map(([what, limit = 0]) => amount(limit, what)).join(', ') || '–';
}

function amount(limit: number, what: string): string {
  if (what !== 'bytes') return `${limit.toLocaleString('en')} ${what}`;
  return `${(limit / 2 ** 20).toLocaleString('en')} MiB`;
}

function named(platforms: readonly Platform[]): string {
  return platforms.map((one) => (one === 'node' ? 'Node' : 'browsers')).join(', ');
}

async function writeReadme(): Promise<void> {
  const [titles = [], ...rows] = await adapterTable();
  const lines = [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  const readme = readFileSync(README, 'utf8');
  const [before] = readme.split(BEGIN);
  const [, after] = readme.split(END);
  if (before === undefined || after === undefined) throw new Error('the README has no marks');
  writeFileSync(README, `${before}${BEGIN}${lines.join('\n')}${END}${after}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeReadme();
