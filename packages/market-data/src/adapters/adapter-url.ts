import { invalidInput } from '@barkeep/core';

/** The parts of a URL that names an adapter, such as `sqlite:./market_data.sqlite3?readers=2`. */
export interface AdapterUrl {
  /** All of it, for messages: without the password of a server. */
  readonly text: string;
  /** What comes before the first colon. */
  readonly scheme: string;
  /** What comes between the colon and the question mark, percent-decoded. */
  readonly target: string;
  /** The same as it was written. */
  readonly rawTarget: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** @throws BarkeepError `INVALID_INPUT` when it has no scheme, or a parameter twice. */
export function parseAdapterUrl(text: string, field: string): AdapterUrl {
  const [, scheme, target = '', query = ''] =
    /^([a-z][a-z0-9+.-]*):([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  if (scheme === undefined) {
    throw invalidInput({
      field,
      rule: 'must be a URL with a scheme, such as "memory:"',
      value: withoutPassword(text),
    });
  }
  return {
    text: withoutPassword(text),
    scheme,
    target: decode(target, text, field),
    rawTarget: target,
    parameters: parametersOf(query, field),
  };
}

function parametersOf(query: string, field: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (parameters.has(name)) {
      throw invalidInput({
        field,
        rule: `must have the parameter "${name}" only once`,
        value: query,
      });
    }
    parameters.set(name, value);
  }
  return parameters;
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@');
}

function decode(target: string, text: string, field: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    throw invalidInput({ field, rule: 'must write a percent sign as %25', value: text });
  }
}
