import type { Platform } from '@barkeep/core';

export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  node: 'Node.js',
  browser: 'a browser',
};

/** Bun and Deno have what adapters need of Node.js; workers of browsers count as browsers. */
export function currentPlatform(): Platform {
  const { process } = globalThis as {
    readonly process?: { readonly versions?: { readonly node?: string } };
  };
  return process?.versions?.node === undefined ? 'browser' : 'node';
}
