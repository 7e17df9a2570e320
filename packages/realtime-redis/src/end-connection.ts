import type { Cluster, Redis } from 'ioredis';

/** A connection that waits to reconnect says nothing more. */
const LONGEST_END_MS = 1_000;

/** Ends a client of our own; resolves when its connections are closed. */
export async function endConnection(client: Redis | Cluster): Promise<void> {
  if (client.status === 'end') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LONGEST_END_MS);
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    client.disconnect();
  });
}
