import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BarkeepError, type Candle, ManualClock } from '@barkeep/core';
import {
  createMarketData,
  type IMarketDataService,
  type MaintenanceConfig,
  type MarketDataEvent,
  type PlannedAction,
} from '@barkeep/market-data';
import { SqliteStorage } from '@barkeep/storage-sqlite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { KEY, MINUTE, throughTime } from './fixtures.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 12:00 in Seoul: no quiet hour. */
const BUSY = Date.UTC(2026, 0, 1, 3);
/** 03:00 in Seoul. */
const QUIET = Date.UTC(2026, 0, 1, 18);
const START = Date.UTC(2024, 0, 1);

function candles(from: number, to: number): Candle[] {
  return Array.from({ length: to - from }, (_, i) => ({
    timestamp: START + (from + i) * MINUTE,
    open: 1,
    high: 2,
    low: 1,
    close: 2,
    volume: (from + i) / 7,
  }));
}

async function open(
  config: MaintenanceConfig | false = {},
  { clock = new ManualClock(BUSY), path = temporaryPath() } = {},
) {
  const storage = new SqliteStorage({ path, clock, archive: 'off', changePollMs: 3_600_000 });
  await storage.open();
  const service = await createMarketData({
    storage,
    clock,
    maintenance: config === false ? false : { intervalMs: 3_600_000, ...config },
  });
  onTestFinished(async () => {
    await service.close();
    await storage.close();
  });
  return { storage, service, clock, path };
}

function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-maintenance-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'market_data.sqlite3');
}

/** Candles in rows, most of which are removed again: thousands of free pages. */
async function fragment({ candles: repository }: SqliteStorage): Promise<void> {
  await repository.write({ key: KEY, candles: candles(0, 300_000) });
  await repository.remove(KEY, { from: START, to: START + 250_000 * MINUTE });
}

async function planned(
  { maintenance }: IMarketDataService,
  action: PlannedAction['action'],
): Promise<PlannedAction | undefined> {
  const plan = await maintenance?.explain();
  return plan?.actions.find((one) => one.action === action);
}

/** The rules that keep an action from being due. */
const unmet = (action: PlannedAction | undefined): string[] =>
  (action?.conditions ?? []).filter(({ isMet }) => !isMet).map(({ rule }) => rule);

it('explains what it would do, why, and why not, and changes nothing', async () => {
  const { storage, service } = await open(false);
  await fragment(storage);
  const before = await storage.maintenance?.fragmentation();
  const vacuum = await planned(service, 'vacuum');
  expect(vacuum).toMatchObject({ isDue: false, blocksWrites: true });
  expect(vacuum?.freesBytes).toBeGreaterThan(4_000_000);
  expect(unmet(vacuum)).toEqual([
    'at least 7 days since the last time',
    'it is a quiet hour',
    'it takes at most 50 ms, or nothing was written for 1 minute',
  ]);
  const steps = await planned(service, 'incremental-vacuum');
  expect(steps).toMatchObject({ isDue: true, blocksWrites: false });
  expect(await storage.maintenance?.fragmentation()).toMatchObject({
    freePages: before?.freePages,
  });
  expect(await service.maintenance?.history()).toEqual([]);
});

it('gives space back in steps by itself, at any hour, and says why', async () => {
  const { storage, service, clock } = await open();
  const heard: MarketDataEvent[] = [];
  service.subscribe({ types: [] }, (event) => heard.push(event));
  await fragment(storage);
  const { freePages = 0, pages = 0 } = (await storage.maintenance?.fragmentation()) ?? {};
  expect(freePages / pages).toBeGreaterThan(0.15);
  await passUntilRun(service, clock);
  const [run] = (await service.maintenance?.history()) ?? [];
  expect(run).toMatchObject({ action: 'incremental-vacuum', outcome: 'done' });
  expect(run?.reason).toContain('more than 15 % of the pages are free');
  expect(run?.freedBytes).toBeGreaterThan(4_000_000);
  const after = await storage.maintenance?.fragmentation();
  expect(after?.freeRatio).toBeLessThan(0.06);
  expect((await service.stats()).maintenance).toMatchObject({ runs: 1, failures: 0, lastRun: run });
  expect(heard).toContainEqual({ type: 'maintenance', run });
});

it('builds the database anew in a quiet hour only, a week after the last time, when nobody writes', async () => {
  const { storage, service, clock } = await open({ intervalMs: 10 * MINUTE });
  await passUntil(clock, BUSY + HOUR);
  clock.advanceTo(QUIET + 7 * DAY);
  await fragment(storage);
  // It would take longer than writes may wait, and something has just been written.
  const eager = await planned(service, 'vacuum');
  expect(unmet(eager)).toEqual(
    (eager?.expectedMs ?? 0) > 50
      ? ['it takes at most 50 ms, or nothing was written for 1 minute']
      : [],
  );
  await passUntil(clock, clock.now() + 2 * MINUTE);
  expect(unmet(await planned(service, 'vacuum'))).toEqual([]);
  await passUntilRun(service, clock, 'vacuum');
  const run = (await service.maintenance?.history())?.find(({ action }) => action === 'vacuum');
  expect(run).toMatchObject({ outcome: 'done' });
  const hour = Math.floor((((run?.at ?? 0) + 9 * HOUR) % DAY) / HOUR);
  expect([2, 3]).toContain(hour);
  expect(await storage.maintenance?.fragmentation()).toMatchObject({ freePages: 0 });
  expect(unmet(await planned(service, 'vacuum'))).toContain('at least 7 days since the last time');
});

it('runs what it is asked to at once, with progress, and can be ended', async () => {
  const { storage, service, clock } = await open(false);
  await fragment(storage);
  const progress: (number | undefined)[] = [];
  const controller = new AbortController();
  const running = service.maintenance?.run({
    actions: ['incremental-vacuum'],
    signal: controller.signal,
    onProgress: ({ done }) => {
      progress.push(done);
      if (progress.length === 4) controller.abort();
    },
  });
  await expect(throughTime<unknown>(clock, running ?? Promise.resolve(), 10)).rejects.toMatchObject(
    {
      code: 'ABORTED',
    },
  );
  expect(progress[0]).toBeUndefined();
  expect(progress[3]).toBeGreaterThan(0);
  await vi.waitFor(async () =>
    expect(await service.maintenance?.history()).toMatchObject([
      { outcome: 'aborted', reason: 'it was asked for' },
    ]),
  );
  const [vacuum] = (await service.maintenance?.run({ actions: ['vacuum'] })) ?? [];
  expect(vacuum).toMatchObject({ action: 'vacuum', outcome: 'done' });
  await expect(
    service.maintenance?.run({ actions: ['defragment' as never] }),
  ).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { field: 'actions' } });
});

it('is done by one process at a time', async () => {
  const clock = new ManualClock(BUSY);
  const path = temporaryPath();
  const one = await open(false, { clock, path });
  const two = await open(false, { clock, path });
  await fragment(one.storage);
  const first = one.service.maintenance?.run({ actions: ['incremental-vacuum'] });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(two.service.maintenance?.run()).rejects.toMatchObject({
    code: 'BUSY',
    retryable: true,
  });
  await throughTime<unknown>(clock, first ?? Promise.resolve(), 10);
  expect(await two.service.maintenance?.run({ actions: ['analyze'] })).toHaveLength(1);
  expect(await one.service.maintenance?.history()).toMatchObject([
    { action: 'incremental-vacuum' },
    { action: 'analyze' },
  ]);
});

it('reports what failed, and leaves it alone for an hour', async () => {
  const { storage, service, clock } = await open();
  const heard: MarketDataEvent[] = [];
  service.subscribe({}, (event) => heard.push(event));
  await fragment(storage);
  const { maintenance } = storage;
  const steps = maintenance?.incrementalVacuum;
  let calls = 0;
  Object.assign(storage, {
    _incrementalVacuum: () => {
      calls += 1;
      return Promise.reject(new Error('the disk is gone'));
    },
  });
  await passUntilRun(service, clock);
  expect(steps).toBeDefined();
  expect(calls).toBe(1);
  expect(heard.find(({ type }) => type === 'failure')).toMatchObject({ of: 'maintenance' });
  expect((await service.stats()).maintenance).toMatchObject({ failures: 1 });
  await passUntil(clock, clock.now() + MINUTE);
  expect(calls).toBe(1);
});

it('leaves a storage alone that takes no writes', async () => {
  const { storage, service, clock } = await open({ intervalMs: MINUTE });
  const heard: MarketDataEvent[] = [];
  service.subscribe({}, (event) => heard.push(event));
  let calls = 0;
  Object.assign(storage, {
    _lease: () => {
      calls += 1;
      return Promise.reject(new BarkeepError('READ_ONLY', 'the file refuses writes'));
    },
  });
  await passUntil(clock, clock.now() + HOUR);
  expect(calls).toBe(1);
  expect(heard.filter(({ type }) => type === 'failure')).toEqual([]);
});

it.each([
  [{ freeRatio: 2 }, 'maintenance.freeRatio'],
  [{ intervalMs: 0 }, 'maintenance.intervalMs'],
  [{ stepPages: 0.5 }, 'maintenance.stepPages'],
  [{ quietHours: { timeZone: 'Nowhere/Else', sessions: [] } }, 'timeZone'],
  [{ often: true } as never, 'maintenance'],
])('refuses %o', async (maintenance: MaintenanceConfig, field) => {
  await expect(createMarketData({ storage: 'memory:', maintenance })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    details: { field },
  });
});

/** Time passes, and what is done meanwhile takes its real time. */
async function passUntil(clock: ManualClock, instant: number): Promise<void> {
  while (clock.now() < instant) {
    clock.advance(Math.min(10 * MINUTE, instant - clock.now()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function passUntilRun(
  service: IMarketDataService,
  clock: ManualClock,
  action?: string,
): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    clock.advance(MINUTE / 4);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const history = (await service.maintenance?.history()) ?? [];
    if (history.some((run) => action === undefined || run.action === action)) return;
  }
  throw new Error('nothing ran');
}

it('backs the database up as often as it is told to, verified, and keeps as many as it should', async () => {
  const path = temporaryPath();
  const directory = join(path, '..', 'backups');
  mkdirSync(directory);
  const backup = { directory, everyMs: DAY, deadlineMs: 99 * DAY, keep: { last: 2 } };
  const { storage, service, clock } = await open({ intervalMs: HOUR, backup }, { path });
  await storage.candles.write({ key: KEY, candles: candles(0, 5_000) });
  const backups = async () => {
    const history = (await service.maintenance?.history()) ?? [];
    return history.filter(({ action }) => action === 'backup');
  };
  // While one is written to a slow disk, hours of this clock go by.
  while ((await backups()).length < 3) await passUntil(clock, clock.now() + HOUR);
  const times = (await backups()).map(({ at }) => at);
  for (const [i, at] of times.slice(1).entries()) {
    expect(Math.abs(at - (times[i] ?? Number.NaN))).toBeGreaterThanOrEqual(DAY);
  }
  const files = readdirSync(directory);
  expect(files).toHaveLength(2);
  for (const file of files) {
    expect(await storage.backup?.verify(join(directory, file))).toMatchObject({
      ok: true,
      backup: { candles: 5_000 },
    });
  }
  expect((await backups()).at(-1)?.message).toMatch(
    /^5000 candles in .*, verified; 1 older ones removed$/,
  );
});

it('removes by itself what the rules no longer keep, and gives the space back', async () => {
  const clock = new ManualClock(START + 300_000 * MINUTE);
  const storage = new SqliteStorage({ path: temporaryPath(), clock, archive: 'off' });
  await storage.open();
  const service = await createMarketData({
    storage,
    clock,
    maintenance: { intervalMs: 10 * MINUTE },
    retention: [{ timeframe: '1m', keep: '20d' }],
  });
  onTestFinished(async () => {
    await service.close();
    await storage.close();
  });
  await storage.candles.write({ key: KEY, candles: candles(0, 300_000) });
  expect(await planned(service, 'retention')).toMatchObject({ isDue: true, blocksWrites: false });
  await passUntilRun(service, clock, 'incremental-vacuum');
  const history = (await service.maintenance?.history()) ?? [];
  expect(history.map(({ action, outcome }) => [action, outcome])).toEqual([
    ['retention', 'done'],
    ['incremental-vacuum', 'done'],
  ]);
  const [info] = await storage.candles.list();
  expect(info?.count).toBeLessThan(22 * 1_440);
  expect(info?.count).toBeGreaterThanOrEqual(20 * 1_440);
  const { missing } = await service.getCandles({ ...KEY, from: START });
  expect(missing).not.toContainEqual(expect.objectContaining({ from: START }));
});
