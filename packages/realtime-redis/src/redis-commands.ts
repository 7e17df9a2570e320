/** What this package asks of an ioredis client, whether it is one of a server or of a cluster. */
export interface RedisCommands {
  ping(): Promise<unknown>;
  get(key: string): Promise<string | null>;
  mget(...keys: string[]): Promise<(string | null)[]>;
  lrange(key: string, start: number, stop: number): Promise<string[]>;
  unlink(...keys: string[]): Promise<number>;
  evalsha(sha: string, numkeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numkeys: number, ...args: string[]): Promise<unknown>;
}
