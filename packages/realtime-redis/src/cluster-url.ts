import { invalidInput } from '@barkeep/core';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What a URL says of a cluster. */
export interface ClusterAddress {
  readonly nodes: readonly RedisNode[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const DEFAULT_PORT = 6_379;

/**
 * The nodes of `redis-cluster://user:password@host:port,host:port`; `undefined` for another scheme.
 * @throws BarkeepError `INVALID_INPUT`
 */
export function clusterAddress(url: string): ClusterAddress | undefined {
  const [, credentials = '', hosts] =
    /^redis-cluster:\/\/(?:([^/?#]*)@)?([^/?#@]*)\/?$/.exec(url) ?? [];
  if (hosts === undefined) {
    if (!url.startsWith('redis-cluster:')) return undefined;
    throw fault();
  }
  const nodes = hosts.split(',').map(nodeOf);
  const [username = '', password = ''] = credentials.split(':', 2).map(decoded);
  return {
    nodes,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

function nodeOf(host: string): RedisNode {
  const text = `redis://${host}`;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || parsed.hostname === '') throw fault();
  // An IPv6 address stands in brackets there, and without them everywhere else.
  const name = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host: name, port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault();
  }
}

/** Without what was given: it may have a password. */
function fault(): Error {
  const rule = 'must name nodes, such as redis-cluster://one:6379,two:6379';
  return invalidInput({ field: 'url', rule });
}
