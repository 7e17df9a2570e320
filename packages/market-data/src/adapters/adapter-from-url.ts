import {
  type AdapterParameter,
  type AdapterScheme,
  BarkeepError,
  invalidInput,
  missingPackage,
  type Platform,
} from '@barkeep/core';
import { type AdapterUrl, parseAdapterUrl } from './adapter-url.ts';
import type { GivenAdapter, KnownAdapter, SchemeTable } from './known-adapters.ts';

/** Options of an adapter: it checks their values itself. */
export type AdapterOptions = Readonly<Record<string, unknown>>;

/**
 * Makes the adapter that a URL names, not yet open. It is also given the `common` options.
 *
 * @throws BarkeepError `INVALID_INPUT` for a scheme or parameter that is not known, `UNSUPPORTED` for one
 * of another platform, `MISSING_PACKAGE` when the adapter's package is not installed.
 */
export async function adapterFromUrl<Adapter>(
  text: string,
  field: string,
  table: SchemeTable<Adapter>,
  common: AdapterOptions,
): Promise<Adapter> {
  const url = parseAdapterUrl(text, field);
  const scheme = await schemeOf(url, table, field);
  const options: AdapterOptions = {
    ...common,
    ...targetOption(url, scheme, field),
    ...parameterOptions(url, scheme, field),
  };
  // The scheme lists this adapter's own options; the adapter checks their values.
  return scheme.create(options as never);
}

async function schemeOf<Adapter>(
  url: AdapterUrl,
  table: SchemeTable<Adapter>,
  field: string,
): Promise<AdapterScheme<Adapter>> {
  const entry = Object.hasOwn(table, url.scheme) ? table[url.scheme] : undefined;
  if (entry === undefined) {
    const known = Object.keys(table).map((name) => `${name}:`);
    const rule = `must have a known scheme (${known.join(', ')})`;
    throw invalidInput({ field, rule, value: url.text });
  }
  const needed = platformOf(entry);
  if (!runsHere(entry)) throw unsupported(url, needed, table, field);
  const scheme = 'scheme' in entry ? entry.scheme : await loadScheme(url, entry, field);
  if (!runsHere({ scheme })) throw unsupported(url, platformOf({ scheme }), table, field);
  return scheme;
}

async function loadScheme<Adapter>(
  { scheme }: AdapterUrl,
  { package: name, load }: KnownAdapter<Adapter>,
  field: string,
): Promise<AdapterScheme<Adapter>> {
  try {
    const loaded = (await load?.())?.schemes[scheme];
    if (loaded !== undefined) return loaded;
  } catch (error) {
    throw isForbidden(error) ? unloadable(scheme, error, field) : error;
  }
  throw missingPackage(name);
}

function platformOf(entry: KnownAdapter<unknown> | GivenAdapter<unknown>): Platform | undefined {
  return 'scheme' in entry ? entry.scheme.platform : entry.platform;
}

function runsHere(entry: KnownAdapter<unknown> | GivenAdapter<unknown>): boolean {
  const needed = platformOf(entry);
  const isThere = 'scheme' in entry || entry.load !== undefined;
  return isThere && (needed === undefined || needed === currentPlatform());
}

function unsupported(
  url: AdapterUrl,
  needed: Platform = 'node',
  table: SchemeTable<unknown>,
  field: string,
): BarkeepError {
  const here = currentPlatform();
  const usable = Object.entries(table).filter(([, entry]) => runsHere(entry));
  const list = usable.map(([name]) => `${name}:`).join(', ');
  return new BarkeepError(
    'UNSUPPORTED',
    `${field} "${url.scheme}:" needs ${PLATFORM_NAMES[needed]}, and this is ${PLATFORM_NAMES[here]}: use ${list}`,
    { details: { field, scheme: url.scheme, platform: here, needs: needed } },
  );
}

/** Service workers load nothing once they have started. */
function isForbidden(error: unknown): boolean {
  return error instanceof TypeError && /import\(\).*(disallowed|not allowed)/i.test(error.message);
}

function unloadable(scheme: string, cause: unknown, field: string): BarkeepError {
  return new BarkeepError(
    'UNSUPPORTED',
    `${field} "${scheme}:" cannot be loaded in a service worker: give an instance instead of a URL`,
    { cause, details: { field, scheme, platform: 'service worker' } },
  );
}

function targetOption(
  url: AdapterUrl,
  { target }: AdapterScheme<unknown>,
  field: string,
): AdapterOptions {
  switch (target?.kind) {
    case 'path':
      return { [target.option]: pathOf(url, target.option, field) };
    case 'url':
      return { [target.option]: addressOf(url, field) };
    case 'inner-url':
      return { [target.option]: url.rawTarget };
    default:
      if (url.target === '') return {};
      throw fault(url, `must have nothing after "${url.scheme}:"`, field);
  }
}

function pathOf(url: AdapterUrl, option: string, field: string): string {
  const path = url.target.startsWith('///') ? url.target.slice(2) : url.target;
  if (path !== '' && !path.startsWith('//')) return path;
  const rule = `must have a ${option} after "${url.scheme}:", such as ${url.scheme}:./data or ${url.scheme}:/data`;
  throw fault(url, rule, field);
}

function addressOf(url: AdapterUrl, field: string): string {
  if (url.rawTarget.startsWith('//')) return `${url.scheme}:${url.rawTarget}`;
  throw fault(url, `must go on with "//" after "${url.scheme}:"`, field);
}

function fault(url: AdapterUrl, rule: string, field: string): Error {
  return invalidInput({ field, rule, value: url.text });
}

function parameterOptions(
  url: AdapterUrl,
  { parameters: known = {} }: AdapterScheme<unknown>,
  field: string,
): AdapterOptions {
  return Object.fromEntries(
    Array.from(url.parameters, ([name, text]) => {
      const kind = Object.hasOwn(known, name) ? known[name] : undefined;
      if (kind === undefined) {
        const names = Object.keys(known).join(', ') || 'none';
        throw fault(url, `has no parameter "${name}" (known: ${names})`, field);
      }
      return [name, parameterOf(text, kind, `${field}.${name}`)];
    }),
  );
}

function parameterOf(
  text: string,
  kind: AdapterParameter,
  field: string,
): string | number | boolean {
  if (kind === 'text') return text;
  if (kind === 'count') return countOf(text, field);
  if (text === 'on' || text === 'off') return text === 'on';
  throw invalidInput({ field, rule: 'must be "on" or "off"', value: text });
}

function countOf(text: string, field: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidInput({ field, rule: 'must be a whole number', value: text });
}

const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  node: 'Node.js',
  browser: 'a browser',
};

/** Bun and Deno have what adapters need of Node.js; workers of browsers count as browsers. */
function currentPlatform(): Platform {
  const { process } = globalThis as {
    readonly process?: { readonly versions?: { readonly node?: string } };
  };
  return process?.versions?.node === undefined ? 'browser' : 'node';
}
