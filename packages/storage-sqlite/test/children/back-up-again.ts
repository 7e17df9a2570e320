/**
 * Opens the database of the first argument, prints `ready`, waits for a line, and then makes one backup
 * after the other in the directory of the second argument until it is killed, printing each path.
 */
import { createInterface } from 'node:readline';
import { SqliteStorage } from '@barkeep/storage-sqlite';

const [path = '', directory = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path, readers: 0 });
await storage.open();
console.log('ready');
const { value: name } = await createInterface(process.stdin)[Symbol.asyncIterator]().next();

for (let n = 0; ; n += 1) {
  const report = await storage.backup?.create({ to: `${directory}/${name}-${n}.sqlite3` });
  console.log(report?.path);
}
