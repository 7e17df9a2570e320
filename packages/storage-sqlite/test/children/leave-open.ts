/** Uses the database of the first argument, subscribes to its changes, and comes to its end. */
import { SqliteStorage } from '@barkeep/storage-sqlite';

const [path = '', ending] = process.argv.slice(2);
const storage = new SqliteStorage({ path });
await storage.open();
storage.changes.subscribe(() => undefined);
await storage.metadata.set('note', 1);
if (ending === 'close') await storage.close();
console.log(await (ending === 'close' ? 'closed' : storage.metadata.get('note')));
