import { type Awaitable, BarkeepError, importFailure, invalidInput } from '@barkeep/core';
import { type AdapterUrl, parseAdapterUrl } from './adapter-url.ts';
import { currentPlatform, PLATFORM_NAMES, type Platform } from './current-platform.ts';

/** How a parameter of a URL is read: as it stands, as a whole number, or as `on` or `off`. */
export type ParameterKind = 'text' | 'count' | 'switch';

/** Where the adapter of a URL scheme comes from. */
export interface AdapterScheme<Adapter> {
  readonly package: string;
  /** The only platform it runs on. Default: both. */
  readonly platform?: Platform;
  /**
   * Imports the package by a literal name, so that bundlers see it, and picks what makes an adapter.
   * Absent where the platform cannot be this one.
   */
  readonly load?: () => Promise<AdapterFactory<Adapter>>;
  /**
   * The option that the part after the scheme becomes: a path, or a URL, which is kept as it stands and
   * may be required to begin with `//`. Without one, there must be nothing.
   */
  readonly target?: AdapterTarget | undefined;
  /** The options that parameters may set. */
  readonly parameters: Readonly<Record<string, ParameterKind>>;
}

export type AdapterSchemes<Adapter> = Readonly<Record<string, AdapterScheme<Adapter>>>;

export interface AdapterTarget {
  readonly option: string;
  /**
   * - `path`: what follows the colon, percent-decoded
   * - `url`: the scheme with what follows it, up to the question mark
   * - `inner-url`: what follows the colon, as it stands; may be empty
   */
  readonly kind: 'path' | 'url' | 'inner-url';
}

/** Makes an adapter of options that are its own. */
export type AdapterFactory<Adapter> = (options: never) => Awaitable<Adapter>;

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
  schemes: AdapterSchemes<Adapter>,
  common: AdapterOptions,
): Promise<Adapter> {
  const url = parseAdapterUrl(text, field);
  const scheme = schemeOf(url, schemes, field);
  const { load } = scheme;
  if (load === undefined || !runsHere(scheme)) throw unsupported(url, scheme, schemes, field);
  const options: AdapterOptions = {
    ...common,
    ...targetOption(url, scheme, field),
    ...parameterOptions(url, scheme, field),
  };
  const make = await load().catch((error: unknown) => {
    if (isForbidden(error)) throw unloadable(url, error, field);
    throw importFailure(error, scheme.package);
  });
  // The scheme lists this adapter's own options; the adapter checks their values.
  return make(options as never);
}

function runsHere({ platform }: AdapterScheme<unknown>): boolean {
  return platform === undefined || platform === currentPlatform();
}

function unsupported(
  url: AdapterUrl,
  { platform: needed = 'node' }: AdapterScheme<unknown>,
  schemes: AdapterSchemes<unknown>,
  field: string,
): BarkeepError {
  const here = currentPlatform();
  const usable = Object.keys(schemes).filter((name) => {
    const scheme = schemes[name];
    return scheme?.load !== undefined && runsHere(scheme);
  });
  const list = usable.map((name) => `${name}:`).join(', ');
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

function unloadable(url: AdapterUrl, cause: unknown, field: string): BarkeepError {
  return new BarkeepError(
    'UNSUPPORTED',
    `${field} "${url.scheme}:" cannot be loaded in a service worker: give an instance instead of a URL`,
    { cause, details: { field, scheme: url.scheme, platform: 'service worker' } },
  );
}

function schemeOf<Adapter>(
  url: AdapterUrl,
  schemes: AdapterSchemes<Adapter>,
  field: string,
): AdapterScheme<Adapter> {
  const scheme = Object.hasOwn(schemes, url.scheme) ? schemes[url.scheme] : undefined;
  if (scheme !== undefined) return scheme;
  const known = Object.keys(schemes).map((name) => `${name}:`);
  throw invalidInput({
    field,
    rule: `must have a known scheme (${known.join(', ')})`,
    value: url.text,
  });
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
  scheme: AdapterScheme<unknown>,
  field: string,
): AdapterOptions {
  return Object.fromEntries(
    Array.from(url.parameters, ([name, text]) => {
      const kind = Object.hasOwn(scheme.parameters, name) ? scheme.parameters[name] : undefined;
      if (kind === undefined) {
        const known = Object.keys(scheme.parameters).join(', ') || 'none';
        throw invalidInput({
          field,
          rule: `has no parameter "${name}" (known: ${known})`,
          value: url.text,
        });
      }
      return [name, parameterOf(text, kind, `${field}.${name}`)];
    }),
  );
}

function parameterOf(text: string, kind: ParameterKind, field: string): string | number | boolean {
  if (kind === 'text') return text;
  if (kind === 'count') return countOf(text, field);
  if (text === 'on' || text === 'off') return text === 'on';
  throw invalidInput({ field, rule: 'must be "on" or "off"', value: text });
}

function countOf(text: string, field: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidInput({ field, rule: 'must be a whole number', value: text });
}
