/** The worker thread of Node that runs one database. */
import { parentPort } from 'node:worker_threads';
import initSqlJs from 'sql.js';
import { ServedFile } from './file/served-file.ts';
import { serveDatabase } from './serve-database.ts';

const sql = await initSqlJs();
const file = new ServedFile();
if (parentPort !== null) {
  serveDatabase(parentPort, sql, {
    otherCalls: (snapshot) => file.calls(snapshot),
    afterChange: () => file.assertCurrent(),
    defer: setImmediate,
  });
}
