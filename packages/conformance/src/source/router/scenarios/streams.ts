import { type SeriesKey, seriesKeyText, timeframeGrid } from '@barkeep/core';
import type { CandleStream } from '@barkeep/source';
import { assertDefined, assertEqual, assertTrue } from '../../../assertions.ts';
import { isEqual } from '../../../is-equal.ts';
import { HOSTILE_SYMBOLS, START } from '../../../realtime/sample-market.ts';
import { type RouterScenario, scenario } from '../router-scenario.ts';
import type { RouterSession } from '../router-session.ts';
import { candleEvent, KEY, MINUTE_MS, sampleLive } from '../sample-router-events.ts';

const OTHER_KEY: SeriesKey = { ...KEY, timeframe: '5m' };
const LONG_KEYS = (['1m', '1h', '1d', '1w', '1M'] as const).map((timeframe) => ({
  ...KEY,
  timeframe,
}));

export const streamScenarios: readonly RouterScenario[] = [
  scenario('streams/promised', 'what it follows is promised, and told', async (session) => {
    await session.begin([KEY, OTHER_KEY]);
    for (const key of [KEY, OTHER_KEY]) assertPromised(session, key);
    const told = toldStreams(session);
    assertEqual(told.sort(byKey), [...session.router.streams].sort(byKey), 'what was told');
  }),
  scenario(
    'streams/aligned',
    'a promise begins with a period: of weeks on Monday, of months on the first',
    async (session) => {
      await session.begin(LONG_KEYS);
      for (const key of LONG_KEYS) assertPromised(session, key);
    },
  ),
  scenario(
    'streams/before-connect',
    'nothing is promised without a connection',
    async (session) => {
      await session.exchange.watch(KEY, undefined);
      assertEqual(session.router.streams, [], 'the streams');
      assertEqual(toldStreams(session), [], 'what was told');
      session.pass(10_000);
      await session.exchange.connect([]);
      assertPromised(session, KEY);
    },
  ),
  scenario('streams/once', 'a series is promised once, every symbol by itself', async (session) => {
    const keys = HOSTILE_SYMBOLS.map((symbol) => ({ ...KEY, symbol }));
    await session.begin(keys);
    await session.exchange.watch(KEY, undefined);
    await session.exchange.watch(KEY, undefined);
    const names = session.router.streams.map(({ key }) => seriesKeyText(key)).sort();
    assertEqual(names, [...keys, KEY].map(seriesKeyText).sort(), 'the series');
  }),
  scenario('streams/outage', 'a lost connection ends every promise', async (session) => {
    let during: unknown = 'not told';
    await session.begin([KEY, OTHER_KEY]);
    session.router.subscribe((event) => {
      if (event.type === 'connection') during = session.router.streams;
    });
    await session.lose();
    assertEqual(during, [], 'the streams while the loss is told');
    assertEqual(session.router.streams, [], 'the streams');
    session.pass(3 * MINUTE_MS);
    assertEqual(session.router.streams, [], 'the streams during the outage');
  }),
  scenario(
    'streams/after-reconnect',
    'after a reconnect the promise is made anew, and does not reach back over the outage',
    async (session) => {
      await session.begin();
      await session.send(candleEvent(sampleLive(10_000)));
      session.pass(MINUTE_MS);
      await session.lose();
      session.pass(5 * MINUTE_MS);
      await session.reconnect();
      assertPromised(session, KEY);
    },
  ),
  scenario(
    'streams/short-outage',
    'an outage within a period ends the promise, too',
    async (session) => {
      await session.begin();
      const first = assertPromised(session, KEY);
      await session.lose(5_000);
      assertEqual(session.router.streams, [], 'the streams');
      session.events.length = 0;
      await session.reconnect();
      const second = assertPromised(session, KEY);
      assertTrue(second.since >= first.since, 'since when');
      assertEqual(toldStreams(session), [second], 'what was told');
    },
  ),
  scenario(
    'streams/order',
    'the loss is told before the reconnect, and that before the promise',
    async (session) => {
      await session.begin();
      await session.lose();
      session.events.length = 0;
      session.pass(MINUTE_MS);
      await session.reconnect();
      const told = session.events.flatMap((event) => {
        if (event.type === 'connection') return [event.connection.status];
        return event.type === 'stream' ? ['stream'] : [];
      });
      assertEqual(told, ['connected', 'stream'], 'what was told');
    },
  ),
  scenario(
    'streams/snapshot-follows',
    'what a new connection brings is told after the connection itself',
    async (session) => {
      await session.begin();
      await session.lose();
      session.pass(2 * MINUTE_MS);
      session.events.length = 0;
      await session.reconnect([sampleLive(session.now - START)]);
      const types = session.events.map(({ type }) => type);
      assertEqual(types[0], 'connection', 'what is told first');
    },
  ),
  scenario('streams/close', 'closing ends every promise', async (session) => {
    await session.begin([KEY, OTHER_KEY]);
    await session.close();
    assertEqual(session.router.streams, [], 'the streams');
  }),
  scenario(
    'streams/ended',
    'a promise that ends is told with its end, and the others go on',
    async (session) => {
      await session.begin([KEY, OTHER_KEY]);
      session.pass(3 * MINUTE_MS);
      await session.exchange.endStream?.(KEY);
      const names = session.router.streams.map(({ key }) => seriesKeyText(key));
      assertEqual(names, [seriesKeyText(OTHER_KEY)], 'the streams');
      const ended = session.events.flatMap((it) => (it.type === 'streamEnded' ? [it] : []));
      assertEqual(
        ended.map(({ key }) => key),
        [KEY],
        'what has ended',
      );
      assertTrue((ended[0]?.at ?? Number.NaN) <= session.now, 'it ends not in the future');
    },
    {
      requires: ({ endsStreams }) =>
        endsStreams ? undefined : 'its exchange never stops sending a series (endStream)',
    },
  ),
];

/** Asserts that a series is promised, not before the connection's period nor later than the next one. */
function assertPromised(session: RouterSession, key: SeriesKey): CandleStream {
  const { router, now } = session;
  const grid = timeframeGrid(key.timeframe);
  const stream = router.streams.find((one) => seriesKeyText(one.key) === seriesKeyText(key));
  const { since } = assertDefined(stream, `the promise of ${seriesKeyText(key)}`);
  const earliest = grid.floor(router.connection.since);
  assertTrue(grid.isAligned(since), `since (${since}) is the start of a period`);
  assertTrue(
    since >= earliest,
    `since (${since}) is not before the reconnect's period (${earliest})`,
  );
  assertTrue(since <= grid.shift(now), `since (${since}) is not later than the next period`);
  return { key, since };
}

/** The promises in the order they were told, repetitions left out. */
function toldStreams({ events }: RouterSession): CandleStream[] {
  return events
    .flatMap((event) => (event.type === 'stream' ? [event.stream] : []))
    .filter((stream, i, all) => !isEqual(stream, all[i - 1]));
}

function byKey(a: CandleStream, b: CandleStream): number {
  return seriesKeyText(a.key) < seriesKeyText(b.key) ? -1 : 1;
}
