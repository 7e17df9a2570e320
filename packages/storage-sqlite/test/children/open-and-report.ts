/** Opens the database of the first argument and prints the error's code, or `open`. */
import { SqliteStorage } from '@barkeep/storage-sqlite';

const [path = ''] = process.argv.slice(2);
const storage = new SqliteStorage({ path });
try {
  await storage.open();
  console.log('open');
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error);
} finally {
  await storage.close();
}
