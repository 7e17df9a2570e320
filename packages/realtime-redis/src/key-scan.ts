import type { Redis } from 'ioredis';
import type { CommandGate } from './command-gate.ts';
import type { KeySpace } from './key-space.ts';

/** How many keys a server looks at in one go: it does nothing else meanwhile. */
const KEYS_A_STEP = 1_000;

/** The keys below a prefix, page by page, some perhaps twice. */
export async function* scanKeys(
  masters: readonly Redis[],
  keys: KeySpace,
  gate: CommandGate,
): AsyncGenerator<readonly string[]> {
  for (const master of masters) {
    let cursor = '0';
    do {
      const [next, page] = await gate.run(() =>
        master.scan(cursor, 'MATCH', keys.pattern, 'COUNT', KEYS_A_STEP),
      );
      cursor = next;
      if (page.length > 0) yield page;
    } while (cursor !== '0');
  }
}
