import { BarkeepError, type Clock, invalidInput } from '@barkeep/core';
import { type AdapterUrl, parseAdapterUrl } from './adapter-url.ts';

/** How a parameter of a URL is read: as it stands, or as a whole number. */
export type ParameterKind = 'text' | 'count';

/** Where the adapter of a URL scheme comes from. */
export interface AdapterScheme {
  readonly package: string;
  /** The class that the package exports. */
  readonly className: string;
  /** Imports the package by a literal name, so that bundlers see it. */
  readonly load: () => Promise<object>;
  /** The option that the part after the scheme becomes; without one, there must be none. */
  readonly target?: string;
  /** The options that parameters may set. */
  readonly parameters: Readonly<Record<string, ParameterKind>>;
}

export type AdapterSchemes = Readonly<Record<string, AdapterScheme>>;

/** Options of an adapter: it checks their values itself. */
type AdapterOptions = Readonly<Record<string, unknown>>;

/**
 * Makes the adapter that a URL names, not yet open.
 *
 * @throws BarkeepError `INVALID_INPUT` for a scheme or parameter that is not known,
 * `MISSING_PACKAGE` when the adapter's package is not installed.
 */
export async function adapterFromUrl(
  text: string,
  field: string,
  schemes: AdapterSchemes,
  clock: Clock,
): Promise<unknown> {
  const url = parseAdapterUrl(text, field);
  const scheme = Object.hasOwn(schemes, url.scheme) ? schemes[url.scheme] : undefined;
  if (scheme === undefined) {
    const known = Object.keys(schemes).map((name) => `${name}:`);
    throw invalidInput({
      field,
      rule: `must have a known scheme (${known.join(', ')})`,
      value: text,
    });
  }
  const options = {
    clock,
    ...targetOption(url, scheme, field),
    ...parameterOptions(url, scheme, field),
  };
  const Adapter = await loadClass(scheme);
  return new Adapter(options);
}

function targetOption(url: AdapterUrl, scheme: AdapterScheme, field: string): AdapterOptions {
  if (scheme.target === undefined) {
    if (url.target === '') return {};
    throw invalidInput({
      field,
      rule: `must have nothing after "${url.scheme}:"`,
      value: url.text,
    });
  }
  const target = url.target.startsWith('///') ? url.target.slice(2) : url.target;
  if (target === '' || target.startsWith('//')) {
    const rule = `must have a ${scheme.target} after "${url.scheme}:", such as ${url.scheme}:./data or ${url.scheme}:/data`;
    throw invalidInput({ field, rule, value: url.text });
  }
  return { [scheme.target]: target };
}

function parameterOptions(url: AdapterUrl, scheme: AdapterScheme, field: string): AdapterOptions {
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
      return [name, kind === 'count' ? countOf(text, `${field}.${name}`) : text];
    }),
  );
}

function countOf(text: string, field: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidInput({ field, rule: 'must be a whole number', value: text });
}

async function loadClass(scheme: AdapterScheme): Promise<new (options: AdapterOptions) => unknown> {
  const exported: unknown = Reflect.get(await loadPackage(scheme), scheme.className);
  if (isClass(exported)) return exported;
  throw new BarkeepError('INCOMPATIBLE', `${scheme.package} does not export ${scheme.className}`, {
    details: { package: scheme.package, export: scheme.className },
  });
}

async function loadPackage({ package: name, load }: AdapterScheme): Promise<object> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    const install = `npm install ${name}`;
    throw new BarkeepError('MISSING_PACKAGE', `${name} is not installed: ${install}`, {
      cause,
      details: { package: name, install },
    });
  }
}

/** Whether this very package was not found, rather than something that it imports. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}

function isClass(value: unknown): value is new (options: AdapterOptions) => unknown {
  return typeof value === 'function' && value.prototype !== undefined;
}
