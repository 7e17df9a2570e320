import { SqliteEngine } from '@barkeep/sqlite-engine';
import { CandleSeries, CANDLE_COLUMNS } from '@barkeep/core';
import { BetterSqlite3Driver } from './src/better-sqlite3-driver.ts';
import { rmSync } from 'node:fs';
const path = '/dev/shm/snap2.sqlite3'; for (const x of ['', '-wal', '-shm']) rmSync(path + x, { force: true });
const T = 1_767_225_600_000;
const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const c = (i: number) => ({ timestamp: T + i * 60_000, open: 1 + i % 7, high: 20, low: 1, close: 2 + i % 5, volume: i });
const driver = new BetterSqlite3Driver({ path, busyTimeoutMs: 0 });
const engine = SqliteEngine.open(driver, { access: 'read-write', journal: 'wal', synchronous: 'off', writer: 1 } as never);
const w = (from: number, n: number) => { const s = CandleSeries.from(key, Array.from({ length: n }, (_, i) => c(from + i))); const { timestamp, open, high, low, close, volume } = s; engine.write([{ key, columns: { timestamp, open, high, low, close, volume }, covers: [{ from: T + from * 60_000, to: T + (from + n) * 60_000 }], source: 'x', collectedAt: 1, replaces: 'all' }]); };
w(0, 200_000); for (let i = 0; i < 300; i++) w(200_000 + i, 1);
const to = T + 200_300 * 60_000;
const cases: Record<string, () => unknown> = {};
for (const n of [10, 200, 1000]) {
  const sel = { from: to - n * 60_000, to, limit: Infinity, take: 'first' as const };
  cases['read ' + n] = () => engine.readColumns({ key, ...sel }, CANDLE_COLUMNS);
  cases['snapshot ' + n] = () => engine.snapshots([{ key, ranges: [{ ...sel, candles: 'always' }] }]);
  cases['unless ' + n] = () => engine.snapshots([{ key, ranges: [{ ...sel, candles: 'never' }] }]);
}
cases['extent'] = () => engine.snapshots([{ key, ranges: [] }]);
cases['list'] = () => engine.list(key);
cases['rev ever'] = () => engine.revisions(key, [{ from: 0, to: 4e12 }]);
cases['coverageOf'] = () => engine.coverageOf(key, { from: 0, to: 4e12 });
cases['empty txn'] = () => { driver.exec('BEGIN'); driver.exec('COMMIT'); };
const min: Record<string, number> = {};
for (let r = 0; r < 40; r++) for (const [name, work] of Object.entries(cases)) { const n = 60; const t = performance.now(); for (let i = 0; i < n; i++) work(); min[name] = Math.min(min[name] ?? 1e9, (performance.now() - t) / n * 1000); }
for (const [n, v] of Object.entries(min)) console.log(n.padEnd(20), v.toFixed(1), 'µs');
