/**
 * The README's table of adapters, made from what each adapter says of itself: its package.json names
 * example URLs (`barkeep.urls`), and its definition makes adapters of them. `pnpm adapter-table` writes it; a
 * test fails when it is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CacheCapabilities } from '../packages/cache/src/index.ts';
import type { Platform } from '../packages/core/src/index.ts';
import { adapterFromUrl } from '../packages/market-data/src/adapters/adapter-from-url.ts';
import type { Adapter } from '../packages/market-data/src/adapters/with-given-adapters.ts';
import type { RealtimeCapabilities } from '../packages/realtime/src/index.ts';
import type { Durability, StorageCapabilities } from '../packages/storage/src/index.ts';

interface AdapterRow {
  readonly package: string;
  readonly url: string;
  readonly survives: string;
  readonly shared: string;
  readonly bounds: string;
  readonly runsIn: string;
}

/** What is different for the kinds of adapters. */
type KindCells = Pick<AdapterRow, 'survives' | 'shared' | 'bounds'>;

const ROOT = resolve(import.meta.dirname, '..');
const README = join(ROOT, 'README.md');
const BEGIN = '<!-- adapters: written by `pnpm adapter-table` -->\n\n';
const END = '\n\n<!-- end of adapters -->';
const KINDS = ['storage', 'cache', 'realtime'] as const;

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
  const rows: AdapterRow[] = [TITLES];
  for (const kind of KINDS) {
    for (const name of readdirSync(join(ROOT, 'packages')).sort()) {
      if (name.startsWith(`${kind}-`)) rows.push(...(await rowsOf(name)));
    }
  }
  return rows.map((row) => [
    row === TITLES ? row.package : `[${row.package}](packages/${row.package})`,
    row === TITLES ? row.url : `\`${row.url}\``,
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

/** A row for each URL of a package; one that only adds parameters adds to the row of the URL without them. */
async function rowsOf(name: string): Promise<AdapterRow[]> {
  const folder = join(ROOT, 'packages', name);
  const { barkeep } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const adapter = await adapterOf(folder);
  const rows: AdapterRow[] = [];
  for (const url of barkeep.urls as readonly string[]) {
    const row = { package: name, url, ...(await cellsOf(adapter, url)) };
    const [plain, parameters] = url.split('?');
    const before = rows.findIndex((one) => one.url === plain);
    const base = rows[before];
    if (base === undefined) rows.push(row);
    else
      rows[before] = {
        ...base,
        survives: `${base.survives}; ${row.survives} with \`?${parameters}\``,
      };
  }
  return rows;
}

async function adapterOf(folder: string): Promise<Adapter> {
  const exported: Readonly<Record<string, unknown>> = await import(
    pathToFileURL(join(folder, 'src/index.ts')).href
  );
  const found = Object.values(exported).find(isAdapter);
  if (found === undefined) throw new Error(`${folder} exports no adapter definition`);
  return found;
}

function isAdapter(value: unknown): value is Adapter {
  return typeof value === 'object' && value !== null && 'kind' in value && 'schemes' in value;
}

async function cellsOf({ kind, schemes }: Adapter, url: string) {
  const entries = Object.entries(schemes).map(([name, scheme]) => [name, { scheme }] as const);
  const made: { readonly capabilities: { readonly platforms: readonly Platform[] } } =
    await adapterFromUrl<{ readonly capabilities: { readonly platforms: readonly Platform[] } }>(
      url,
      'url',
      Object.fromEntries(entries),
      {},
    );
  const { capabilities } = made;
  const cells = { storage: storageCells, cache: cacheCells, realtime: realtimeCells }[kind];
  return { ...cells(capabilities as never), runsIn: named(capabilities.platforms) };
}

function storageCells({ durability, sharing, changes }: StorageCapabilities): KindCells {
  const shares = sharing === 'multi-process';
  return {
    survives: SURVIVED[durability],
    shared: shares ? `candles${changes === 'shared' ? ' and changes' : ''}` : 'nothing',
    bounds: '–',
  };
}

function cacheCells({ sharing, persistent, maxEntries, maxBytes }: CacheCapabilities): KindCells {
  return {
    survives: persistent ? SURVIVED['process-crash'] : SURVIVED.volatile,
    shared: sharing === 'multi-process' ? 'entries and invalidation' : 'nothing',
    bounds: bounds({ entries: maxEntries, bytes: maxBytes }),
  };
}

function realtimeCells({ sharing, ...limits }: RealtimeCapabilities): KindCells {
  const shares = sharing === 'multi-process';
  return {
    survives: shares ? `${SURVIVED['process-crash']}, until it expires` : SURVIVED.volatile,
    shared: shares ? 'values and updates' : 'nothing',
    bounds: bounds({ symbols: limits.maxSymbols, 'trades a symbol': limits.maxTradesPerSymbol }),
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
