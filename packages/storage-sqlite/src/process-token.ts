import { randomBytes } from 'node:crypto';
import type { ProcessToken } from './partial-file.ts';

/** A name that every copy of this module finds the same token by. */
const TOKEN = Symbol.for('@barkeep/storage-sqlite: process token');

/** That of this process. */
export function processToken(): ProcessToken {
  const shared = globalThis as typeof globalThis & { [TOKEN]?: string };
  shared[TOKEN] ??= randomBytes(6).toString('hex');
  return { pid: process.pid, token: shared[TOKEN] };
}
