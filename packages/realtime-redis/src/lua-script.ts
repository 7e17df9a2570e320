import { createHash } from 'node:crypto';
import type { RedisCommands } from './redis-commands.ts';

/** A script that the server knows by its hash, and is sent whole when it does not. */
export class LuaScript {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = createHash('sha1').update(text).digest('hex');
  }

  /** `onUnknown` is called as it is sent whole: what was sent meanwhile may come before it. */
  async run(
    commands: RedisCommands,
    keys: readonly string[],
    args: readonly string[],
    onUnknown?: () => void,
  ): Promise<unknown> {
    try {
      return await commands.evalsha(this.#hash, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      onUnknown?.();
      return commands.eval(this.#text, keys.length, ...keys, ...args);
    }
  }
}
