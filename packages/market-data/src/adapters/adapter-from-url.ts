import { BarkeepError, invalidInput } from '@barkeep/core';
import { type AdapterUrl, parseAdapterUrl } from './adapter-url.ts';

/** How a parameter of a URL is read: as it stands, or as a whole number. */
export type ParameterKind = 'text' | 'count';

/** Where the adapter of a URL scheme comes from. */
export interface AdapterScheme<Adapter> {
  readonly package: string;
  /** Imports the package by a literal name, so that bundlers see it, and picks the class. */
  readonly load: () => Promise<AdapterClass<Adapter>>;
  /** The option that the part after the scheme becomes; without one, there must be none. */
  readonly target?: string;
  /** The options that parameters may set. */
  readonly parameters: Readonly<Record<string, ParameterKind>>;
}

export type AdapterSchemes<Adapter> = Readonly<Record<string, AdapterScheme<Adapter>>>;

/** A class whose constructor takes options of its own. */
type AdapterClass<Adapter> = new (options: never) => Adapter;

/** Options of an adapter: it checks their values itself. */
export type AdapterOptions = Readonly<Record<string, unknown>>;

/**
 * Makes the adapter that a URL names, not yet open. It is also given the `common` options.
 *
 * @throws BarkeepError `INVALID_INPUT` for a scheme or parameter that is not known,
 * `MISSING_PACKAGE` when the adapter's package is not installed.
 */
export async function adapterFromUrl<Adapter>(
  text: string,
  field: string,
  schemes: AdapterSchemes<Adapter>,
  common: AdapterOptions,
): Promise<Adapter> {
  const url = parseAdapterUrl(text, field);
  const scheme = schemeOf(url, schemes, field);
  const options: AdapterOptions = {
    ...common,
    ...targetOption(url, scheme, field),
    ...parameterOptions(url, scheme, field),
  };
  const Adapter = await loadClass(scheme);
  // The scheme lists this adapter's own options; the adapter checks their values.
  return new Adapter(options as never);
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
  scheme: AdapterScheme<unknown>,
  field: string,
): AdapterOptions {
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
      return [name, kind === 'count' ? countOf(text, `${field}.${name}`) : text];
    }),
  );
}

function countOf(text: string, field: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidInput({ field, rule: 'must be a whole number', value: text });
}

async function loadClass<Adapter>({
  package: name,
  load,
}: AdapterScheme<Adapter>): Promise<AdapterClass<Adapter>> {
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
