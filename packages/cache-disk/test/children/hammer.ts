/** Writes, reads and removes the same few entries as others do, and checks every value it sees. */
import { DiskCache } from '@barkeep/cache-disk';

const [directory = '', name = ''] = process.argv.slice(2);
await using cache = new DiskCache({ directory, maxBytes: 40_000 });
await cache.open();
let hits = 0;
for (let i = 0; i < 400; i += 1) {
  const key = `key-${i % 5}`;
  if (i % 3 === 0) await cache.set(key, { key, name, bytes: new Uint8Array(2_000).fill(i % 5) });
  else if (i % 31 === 0) await cache.delete(key);
  const found = await cache.get(key);
  if (found === undefined) continue;
  const { key: of, bytes } = found as { readonly key: string; readonly bytes: Uint8Array };
  if (of !== key || bytes.some((byte) => byte !== i % 5))
    throw new Error(`a wrong value of ${key}`);
  hits += 1;
}
const { failures } = await cache.stats();
console.log(JSON.stringify({ hits, failures }));
