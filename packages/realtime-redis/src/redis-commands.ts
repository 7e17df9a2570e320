/** How scripts are run by an ioredis client, whether it is one of a server or of a cluster. */
export interface RedisCommands {
  evalsha(sha: string, numkeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numkeys: number, ...args: string[]): Promise<unknown>;
}
