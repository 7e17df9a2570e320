/**
 * Opens the database of the first argument, without the rights of root, and prints the error's code, or
 * `open`. That of the second is opened first: for whoever may read the folder of these sources.
 */
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { becomeNobody } from '../../../../tools/become-nobody.ts';

const [path = '', earlier = ''] = process.argv.slice(2);
const first = new SqliteStorage({ path: earlier });
await first.open();
await first.close();
becomeNobody();
const storage = new SqliteStorage({ path });
try {
  await storage.open();
  console.log('open');
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error);
} finally {
  await storage.close();
}
