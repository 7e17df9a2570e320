import type { Interval, SeriesKey } from '@barkeep/core';
import type { ChangeEvent, IMarketDataStorage, SeriesChange } from '@barkeep/storage';
import { assertEqual, assertRejects, assertTrue } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { KEY, minute, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries } from '../stored-state.ts';

export const changeScenarios: readonly StorageScenario[] = [
  scenario(
    'changes/write',
    'a write tells its series and stretch before it resolves',
    async (storage) => {
      const events = listen(storage);
      const atResolve = storage.candles
        .write({ key: KEY, candles: sampleMinutes(3, 6) })
        .then(() => events.length);
      assertEqual(await atResolve, 1, 'the events when the write resolves');
      assertCandleEvent(events[0], KEY, { from: minute(3), to: minute(5) + 1 });
    },
  ),
  scenario('changes/each-series', 'every changed series of a call is told', async (storage) => {
    const events = listen(storage);
    await storage.candles.write([
      { key: KEY, candles: sampleMinutes(0, 2) },
      { key: OTHER_KEY, candles: sampleMinutes(5, 7) },
    ]);
    assertEqual(events.length, 2, 'the events');
    assertCandleEvent(events[0], KEY, { from: minute(0), to: minute(1) + 1 });
    assertCandleEvent(events[1], OTHER_KEY, { from: minute(5), to: minute(6) + 1 });
  }),
  scenario(
    'changes/update',
    'an update is told, and its stretch holds every changed candle',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 50) });
      const events = listen(storage);
      const changed = [
        ...sampleMinutes(10, 11, 1),
        ...sampleMinutes(11, 30),
        ...sampleMinutes(30, 31, 1),
      ];
      await storage.candles.write({ key: KEY, candles: changed });
      assertEqual(events.length, 1, 'the events');
      assertCandleEvent(events[0], KEY, { from: minute(10), to: minute(30) + 1 });
    },
  ),
  scenario('changes/unchanged', 'writing the same again is no change', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const events = listen(storage);
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    await storage.candles.write({ key: KEY, candles: [] });
    assertEqual(events, [], 'the events');
  }),
  scenario('changes/failed-write', 'a write that fails is no change', async (storage) => {
    const events = listen(storage);
    const bad = sampleMinutes(2, 3).map((candle) => ({ ...candle, volume: -1 }));
    await assertRejects(
      () => storage.candles.write({ key: KEY, candles: [...sampleMinutes(0, 2), ...bad] }),
      'INVALID_INPUT',
      'the write',
    );
    assertEqual(events, [], 'the events');
  }),
  scenario(
    'changes/coverage',
    'coverage is told, however it was recorded or forgotten',
    async (storage) => {
      const events = listen(storage);
      const interval = { from: minute(0), to: minute(5) };
      await storage.candles.write({ key: KEY, candles: [], covers: interval });
      await storage.coverage.add(OTHER_KEY, interval, { source: 'a' });
      await storage.coverage.remove(KEY, interval);
      const event = { type: 'coverage', interval, origin: 'local' };
      const expected = [KEY, OTHER_KEY, KEY].map((key) => ({ ...event, key }));
      assertEqual(events, expected, 'the events');
    },
  ),
  scenario('changes/remove', 'a removal is told', async (storage) => {
    await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
    const events = listen(storage);
    await storage.candles.remove(KEY, { from: minute(2), to: minute(4) });
    const candles = events.filter(({ type }) => type === 'candles');
    assertEqual(candles.length, 1, 'the events about candles');
    assertCandleEvent(candles[0], KEY, { from: minute(2), to: minute(3) + 1 });
  }),
  scenario(
    'changes/remove-nothing',
    'removing candles that are not there is no change of candles',
    async (storage) => {
      const events = listen(storage);
      await storage.candles.remove(KEY);
      assertEqual(
        events.filter(({ type }) => type === 'candles'),
        [],
        'the events about candles',
      );
    },
  ),
  scenario(
    'changes/announce',
    'what is announced is told as a change of candles and of coverage',
    async (storage) => {
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      const events = listen(storage);
      const interval = { from: minute(2), to: minute(4) };
      await storage.changes.announce(KEY, interval);
      const expected = ['candles', 'coverage'].map((type) => ({
        type,
        key: KEY,
        interval,
        origin: 'local',
      }));
      assertEqual(events, expected, 'the events');
      const { operations } = await storage.stats();
      assertEqual(operations['changes.announce']?.calls, 1, 'the calls that are counted');
    },
  ),
  scenario(
    'changes/announce-ever',
    'an announcement without a range is of all of time',
    async (storage) => {
      const events = listen(storage);
      await storage.changes.announce(KEY);
      assertEqual(
        events.map(({ type }) => type),
        ['candles', 'coverage'],
        'the events',
      );
      assertCandleEvent(events[0], KEY, { from: 0, to: minute(100_000_000) });
    },
  ),
  scenario(
    'changes/announce-periods',
    'an announcement is of every period that its range touches',
    async (storage) => {
      const events = listen(storage);
      await storage.changes.announce(KEY, { from: minute(2) + 1, to: minute(3) + 1 });
      await storage.changes.announce(KEY, { from: minute(2) + 1, to: minute(2) + 1 });
      assertEqual(events.length, 2, 'the events, none of them of an empty range');
      assertCandleEvent(events[0], KEY, { from: minute(2), to: minute(4) });
    },
  ),
  scenario(
    'changes/announce-keeps',
    'an announcement touches nothing that is stored',
    async (storage) => {
      const candles = sampleMinutes(0, 10);
      await storage.candles.write({
        key: KEY,
        candles,
        covers: { from: minute(0), to: minute(10) },
      });
      const covered = await storage.coverage.of(KEY);
      await storage.changes.announce(KEY);
      await storage.changes.announce(KEY, { from: minute(0), to: minute(5) });
      await assertSeries(storage, KEY, candles, 'after the announcements');
      assertEqual(await storage.coverage.of(KEY), covered, 'the coverage after them');
    },
  ),
  scenario(
    'changes/announce-unknown',
    'a series that is not stored can be announced, and stays one',
    async (storage) => {
      const events = listen(storage);
      await storage.changes.announce(OTHER_KEY);
      assertCandleEvent(events[0], OTHER_KEY, { from: 0, to: minute(0) });
      await assertNothingStored(storage, OTHER_KEY, 'after the announcement');
      assertEqual((await storage.stats()).size.series, 0, 'how many series there are');
      await storage.candles.write({ key: OTHER_KEY, candles: sampleMinutes(0, 3) });
      await assertSeries(storage, OTHER_KEY, sampleMinutes(0, 3), 'written after it');
    },
  ),
  scenario('changes/announce-invalid', 'a bad announcement is refused', async (storage) => {
    const events = listen(storage);
    const bad: [what: string, field: string, key: unknown, range?: unknown][] = [
      ['no key', 'key', undefined],
      ['an empty symbol', 'symbol', { ...KEY, symbol: '' }],
      ['an unknown timeframe', 'timeframe', { ...KEY, timeframe: '1 minute' }],
      ['no range', 'range', KEY, null],
      ['a range upside down', 'from', KEY, { from: 2, to: 1 }],
      ['half a range', 'to', KEY, { from: 2 }],
    ];
    for (const [what, field, key, range] of bad) {
      await assertRejects(
        () => storage.changes.announce(key as SeriesKey, range as Interval),
        'INVALID_INPUT',
        what,
        { field },
      );
    }
    assertEqual(events, [], 'the events');
  }),
  scenario(
    'changes/committed',
    'what an event tells of can be read from the listener on',
    async (storage) => {
      const reading = new Promise<number>((resolve, reject) => {
        storage.changes.subscribe(() => {
          storage.candles.read({ ...KEY }).then(({ length }) => resolve(length), reject);
        });
      });
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 10) });
      assertEqual(await reading, 10, 'the candles read on the event');
    },
  ),
  scenario(
    'changes/unsubscribe',
    'an unsubscribed listener hears nothing more',
    async (storage) => {
      const heard: string[] = [];
      const stopFirst = storage.changes.subscribe(() => heard.push('first'));
      storage.changes.subscribe(() => heard.push('second'));
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 1) });
      stopFirst();
      stopFirst();
      await storage.candles.write({ key: KEY, candles: sampleMinutes(1, 2) });
      assertEqual(heard, ['first', 'second', 'second'], 'who heard');
    },
  ),
  scenario(
    'changes/same-listener-twice',
    'a listener that subscribed twice unsubscribes one at a time',
    async (storage) => {
      let heard = 0;
      const listener = (): void => {
        heard += 1;
      };
      const stop = storage.changes.subscribe(listener);
      storage.changes.subscribe(listener);
      stop();
      await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 1) });
      assertEqual(heard, 1, 'how often it heard');
    },
  ),
  scenario(
    'changes/throwing-listener',
    'what a listener throws reaches nobody but the process',
    async (storage) => {
      const failure = new Error('a listener failed');
      const heard: ChangeEvent[] = [];
      const uncaught = await captureUncaughtErrors(async () => {
        storage.changes.subscribe(() => {
          throw failure;
        });
        storage.changes.subscribe((event) => heard.push(event));
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
      });
      assertEqual(heard.length, 1, 'the events of the other listener');
      assertTrue(uncaught.length === 1 && uncaught[0] === failure, 'the error surfaces, once');
      await assertSeries(storage, KEY, sampleMinutes(0, 3), 'after a listener threw');
    },
  ),
];

function listen(storage: IMarketDataStorage): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  storage.changes.subscribe((event) => events.push(event));
  return events;
}

/** An adapter may tell a wider stretch than changed, never a narrower one. */
function assertCandleEvent(
  event: ChangeEvent | undefined,
  key: SeriesKey,
  changed: Interval,
): asserts event is SeriesChange {
  assertTrue(event !== undefined && event.type === 'candles', 'the event is about candles');
  assertEqual(event.key, key, "the event's series");
  assertEqual(event.origin, 'local', "the event's origin");
  const { from, to } = event.interval;
  assertTrue(
    from <= changed.from && changed.to <= to,
    `the event's stretch ${from} to ${to} holds ${changed.from} to ${changed.to}`,
  );
}
