import type { DatabaseStatus } from '../server/wire.ts';
import { fetchJson } from './fetch-json.ts';

export function fetchDatabaseStatus(): Promise<DatabaseStatus> {
  return fetchJson('/api/database');
}

/** Runs an action, or `due` for all that are due; answers how the database stands then. */
export function runMaintenance(action: string): Promise<DatabaseStatus> {
  return fetchJson(`/api/database?action=${encodeURIComponent(action)}`, { method: 'POST' });
}
