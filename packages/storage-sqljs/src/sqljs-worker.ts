/** The worker thread of Node that runs one database. */
import { parentPort } from 'node:worker_threads';
import initSqlJs from 'sql.js';
import { fileCalls } from './file/file-calls.ts';
import { serveDatabase } from './serve-database.ts';

const sql = await initSqlJs();
if (parentPort !== null) {
  serveDatabase(parentPort, sql, { otherCalls: fileCalls(), defer: setImmediate });
}
