import type { SeriesKey } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Desk, type DeskOptions, KEY, minutes, openDesk, settle } from './fixtures.ts';

function keyOf(symbol: string): SeriesKey {
  return { ...KEY, symbol };
}

/** Requests wait until the test lets them go, one by one, the oldest first. */
interface Gates {
  /** The symbols of the requests under way. */
  readonly waiting: string[];
  /** Lets the request made first go on, and what follows from it happen. */
  next(): Promise<void>;
  /** Lets all go on, now and later. */
  open(): void;
}

async function openGatedDesk(options: DeskOptions = {}): Promise<Desk & { gates: Gates }> {
  const desk = await openDesk(options);
  const waiting: string[] = [];
  const held: (() => void)[] = [];
  let isOpen = false;
  desk.exchange.interfere = ({ symbol }, signal) => {
    if (isOpen) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const leave = (): void => {
      waiting.splice(waiting.indexOf(symbol), 1);
      resolve(undefined);
    };
    waiting.push(symbol);
    held.push(leave);
    signal.addEventListener('abort', leave, { once: true });
    return promise;
  };
  const next = async (): Promise<void> => {
    held.shift()?.();
    await settle();
  };
  const open = (): void => {
    isOpen = true;
    for (const leave of held.splice(0)) leave();
  };
  return { ...desk, gates: { waiting, next, open } };
}

describe('turns', () => {
  it('go to the next series: a short read waits for one request of a long one, not for all', async () => {
    const { service, exchange, gates } = await openGatedDesk({
      fetching: { maxPeriodsPerFetch: 10 },
    });
    const long = service.getCandles({ ...keyOf('LONG'), from: minutes(-1_000), to: minutes(0) });
    await settle();
    expect(gates.waiting).toEqual(['LONG', 'LONG', 'LONG', 'LONG']);
    const short = service.getCandles({ ...keyOf('SHORT'), from: minutes(-10), to: minutes(0) });
    await settle();
    const before = exchange.requests.length;
    await gates.next();
    expect(gates.waiting).toEqual(['LONG', 'LONG', 'LONG', 'SHORT']);
    expect(exchange.requests.length).toBe(before + 1);
    gates.open();
    expect((await short).missing).toEqual([]);
    expect((await long).missing).toEqual([]);
  });

  it('go around between many series, and between the reads of one', async () => {
    const { service, exchange, gates } = await openGatedDesk({
      fetching: { maxConcurrentFetches: 1, maxPeriodsPerFetch: 10 },
    });
    const read = (symbol: string, from: number, to: number): Promise<unknown> =>
      service.getCandles({ ...keyOf(symbol), from: minutes(from), to: minutes(to) });
    const reads = [read('A', -100, 0), read('A', -5_050, -5_000)];
    await settle();
    reads.push(read('B', -30, 0), read('C', -20, 0));
    await settle();
    for (let request = 0; request < 12; request += 1) await gates.next();
    const order = exchange.requests.map(({ symbol, to }) => [symbol, (to - minutes(0)) / 60_000]);
    expect(order.slice(0, 10)).toEqual([
      ['A', 0],
      ['B', 0],
      ['C', 0],
      ['A', -5_000],
      ['B', -10],
      ['C', -10],
      ['A', -10],
      ['B', -20],
      ['A', -5_010],
      ['A', -20],
    ]);
    gates.open();
    await Promise.all(reads);
  });

  it('are not taken up by a batch of many series', async () => {
    const { service, exchange, gates } = await openGatedDesk();
    const queries = Array.from({ length: 200 }, (_, i) => {
      return { ...keyOf(`S${i}`), from: minutes(-10), to: minutes(0) };
    });
    const batch = service.getCandlesBatch(queries);
    await settle();
    const one = service.getCandles({ ...keyOf('ONE'), from: minutes(-10), to: minutes(0) });
    await settle();
    for (let request = 0; request < 8; request += 1) await gates.next();
    expect(exchange.requests.map(({ symbol }) => symbol)).toContain('ONE');
    expect(exchange.requests.length).toBeLessThan(20);
    gates.open();
    expect((await one).missing).toEqual([]);
    expect((await batch).every(({ missing }) => missing.length === 0)).toBe(true);
  });
});

describe('a batch of many new series', () => {
  it('is fetched whatever may wait, a few at a time, in the order of the queries', async () => {
    const { service, exchange } = await openDesk({ fetching: { maxWaitingFetches: 20 } });
    let running = 0;
    let most = 0;
    exchange.interfere = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return undefined;
    };
    const queries = Array.from({ length: 300 }, (_, i) => {
      return { ...keyOf(`S${i}`), from: minutes(-10), to: minutes(-5) };
    });
    const answers = await service.getCandlesBatch(queries);
    expect(answers.map(({ series }) => series.symbol)).toEqual(queries.map(({ symbol }) => symbol));
    expect(answers.filter(({ series }) => series.length !== 5)).toEqual([]);
    expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
    expect(exchange.requests.length).toBe(queries.length);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('is answered whole where there are more than the service remembers', async () => {
    const { service } = await openDesk();
    const wanted = Array.from({ length: 20 }, (_, i) => {
      return { ...keyOf(`S${i}`), from: minutes(-10), to: minutes(-5) };
    });
    const others = Array.from({ length: 10_010 }, (_, i) => {
      return { ...keyOf(`OTHER-${i}`), from: minutes(0), to: minutes(0) };
    });
    const answers = await service.getCandlesBatch([...wanted, ...others]);
    expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
    expect(answers.slice(0, wanted.length).map(({ series }) => series.length)).toEqual(
      wanted.map(() => 5),
    );
  });

  it('ends with the call', async () => {
    const { service, exchange, gates } = await openGatedDesk();
    const queries = Array.from({ length: 1_000 }, (_, i) => {
      return { ...keyOf(`S${i}`), from: minutes(-10), to: minutes(-5) };
    });
    const stop = new AbortController();
    const batch = service.getCandlesBatch(queries, { signal: stop.signal });
    await settle();
    stop.abort();
    await expect(batch).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    expect(gates.waiting).toEqual([]);
    expect(exchange.requests.length).toBeLessThan(20);
    expect((await service.stats()).coordinator).toMatchObject({ inFlight: 0, waiting: 0 });
  });
});

describe('places to wait in', () => {
  it('are bounded, and one series never has all of them', async () => {
    const { service, gates } = await openGatedDesk({
      fetching: { maxConcurrentFetches: 1, maxWaitingFetches: 10 },
    });
    const busy = service.getCandles({ ...keyOf('BUSY'), from: minutes(-10), to: minutes(0) });
    await settle();
    const read = (symbol: string, ago: number): Promise<string | undefined> =>
      service
        .getCandles({ ...keyOf(symbol), from: minutes(-ago), to: minutes(-ago + 1) })
        .then(({ failures }) => failures[0]?.error.code);
    const ofOne = Array.from({ length: 8 }, (_, i) => read('ONE', 100 + 10 * i));
    await settle();
    const ofOthers = Array.from({ length: 8 }, (_, i) => read(`OTHER-${i}`, 10));
    await settle();
    expect((await service.stats()).coordinator).toMatchObject({ inFlight: 1, waiting: 10 });
    gates.open();
    await busy;
    expect((await Promise.all(ofOne)).filter((code) => code === 'OVERLOADED')).toHaveLength(3);
    expect((await Promise.all(ofOthers)).filter((code) => code === 'OVERLOADED')).toHaveLength(3);
  });

  it('take equal reads as one', async () => {
    const { service, exchange, gates } = await openGatedDesk({
      fetching: { maxConcurrentFetches: 1, maxWaitingFetches: 2 },
    });
    const busy = service.getCandles({ ...keyOf('BUSY'), from: minutes(-10), to: minutes(0) });
    await settle();
    const query = { ...keyOf('POPULAR'), from: minutes(-10), to: minutes(0) };
    const reads = Array.from({ length: 50 }, () => service.getCandles(query));
    await settle();
    gates.open();
    await busy;
    expect((await Promise.all(reads)).every(({ missing }) => missing.length === 0)).toBe(true);
    expect(exchange.requests.length).toBe(2);
  });

  it('are given back by those who leave', async () => {
    const { service, exchange, gates } = await openGatedDesk({
      fetching: { maxConcurrentFetches: 1 },
    });
    const busy = service.getCandles({ ...keyOf('BUSY'), from: minutes(-10), to: minutes(0) });
    await settle();
    const stop = new AbortController();
    const range = { from: minutes(-10), to: minutes(0) };
    const gone = service.getCandles({ ...keyOf('GONE'), ...range }, { signal: stop.signal });
    await settle();
    expect((await service.describeSeries(keyOf('GONE'))).fetching).toEqual([range]);
    stop.abort();
    await expect(gone).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await service.describeSeries(keyOf('GONE'))).fetching).toEqual([]);
    gates.open();
    await busy;
    await settle();
    expect(exchange.requests.map(({ symbol }) => symbol)).toEqual(['BUSY']);
  });
});

describe('a coordinator that reads the service it serves', () => {
  /** Derives five minutes from the service's own minutes. */
  async function openDerived(
    passOn: (signal: AbortSignal) => AbortSignal | undefined,
    fetching: DeskOptions['fetching'] = {},
  ): Promise<Desk> {
    const desk = await openDesk({ fetching });
    const { exchange } = desk;
    let running = 0;
    exchange.interfere = async ({ symbol, timeframe, from, to }, signal) => {
      if (timeframe === '1m') {
        running += 1;
        expect(running).toBeLessThanOrEqual(4);
        await settle();
        running -= 1;
        return undefined;
      }
      const parts = timeframe === '5m' ? '1m' : '5m';
      const answer = await desk.service.getCandles(
        { symbol, timeframe: parts, from, to },
        { signal: passOn(signal) },
      );
      if (answer.failures[0] !== undefined) throw answer.failures[0].error;
      return { candles: [], source: 'derived' };
    };
    return desk;
  }

  const day = { from: minutes(-1_440), to: minutes(0) };
  const readAll = (service: IMarketDataService, timeframe: '5m' | '1h', symbols: number) =>
    Promise.all(
      Array.from({ length: symbols }, (_, i) => {
        return service.getCandles({ symbol: `${timeframe}-${i}`, timeframe, ...day });
      }),
    );

  it.each([
    ['passes its signal on', (signal: AbortSignal) => signal],
    ['passes no signal on', () => undefined],
    ['passes on a signal made of it', (signal: AbortSignal) => AbortSignal.any([signal])],
  ])('and %s never starves itself', async (_, passOn) => {
    for (const symbols of [3, 4, 8, 20]) {
      const { service, exchange } = await openDerived(passOn);
      const answers = await readAll(service, '5m', symbols);
      expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
      expect(exchange.requests.filter(({ timeframe }) => timeframe === '1m')).toHaveLength(symbols);
    }
  });

  it('may do so in several steps, and with a single slot', async () => {
    for (const maxConcurrentFetches of [1, 4]) {
      const { service } = await openDerived((signal) => signal, { maxConcurrentFetches });
      const answers = await readAll(service, '1h', 6);
      expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
      expect((await service.stats()).coordinator).toMatchObject({ inFlight: 0, waiting: 0 });
    }
  });

  it('may read several series for one request', async () => {
    const desk = await openDesk();
    desk.exchange.interfere = async ({ symbol, from, to }, signal) => {
      if (!symbol.includes('/')) return undefined;
      const legs = symbol.split('/').map((leg) => {
        return desk.service.getCandles({ ...keyOf(leg), from, to }, { signal });
      });
      await Promise.all(legs);
      return { candles: [] };
    };
    const crosses = Array.from({ length: 10 }, (_, i) => `A${i}/B${i}/C${i}/SHARED`);
    const answers = await Promise.all(
      crosses.map((cross) => desk.service.getCandles({ ...keyOf(cross), ...day })),
    );
    expect(answers.flatMap(({ missing, failures }) => [...missing, ...failures])).toEqual([]);
    expect(desk.exchange.requests.filter(({ symbol }) => symbol === 'SHARED')).toHaveLength(1);
  });

  it('is told when it asks for what it is asked for, directly or around a corner', async () => {
    const desk = await openDesk();
    const other = { SELF: 'SELF', ONE: 'TWO', TWO: 'ONE' };
    desk.exchange.interfere = async (request, signal) => {
      const symbol = other[request.symbol as keyof typeof other];
      const { failures } = await desk.service.getCandles({ ...request, symbol }, { signal });
      if (failures[0] !== undefined) throw failures[0].error;
      return { candles: [] };
    };
    const self = await desk.service.getCandles({ ...keyOf('SELF'), ...day });
    expect(self.failures).toMatchObject([{ error: { code: 'SOURCE_FAILED', retryable: false } }]);
    expect(self.failures[0]?.error.message).toContain('reads from the service');
    const both = await Promise.all(
      ['ONE', 'TWO'].map((symbol) => desk.service.getCandles({ ...keyOf(symbol), ...day })),
    );
    for (const { failures } of both) {
      expect(failures).toMatchObject([{ error: { code: 'SOURCE_FAILED' } }]);
    }
  });

  it('may serve another service from it', async () => {
    const { service: base, clock, exchange } = await openDesk();
    const derived = await createMarketData({
      storage: 'memory:',
      clock,
      coordinator: {
        async fetchCandles({ symbol, from, to }, { signal }) {
          const query = { ...keyOf(symbol), from, to };
          const { failures } = await base.getCandles(query, { signal });
          if (failures[0] !== undefined) throw failures[0].error;
          return { candles: [] };
        },
      },
    });
    onTestFinished(() => derived.close());
    const answers = await readAll(derived, '5m', 8);
    expect(answers.flatMap(({ missing }) => missing).length).toBeLessThanOrEqual(8);
    expect(answers.flatMap(({ failures }) => failures)).toEqual([]);
    expect(exchange.requests).toHaveLength(8);
  });
});

describe('a stretch that the source refuses', () => {
  it('comes last the next time, and holds up nothing else for good', async () => {
    const { exchange, service } = await openDesk({ fetching: { maxPeriodsPerFetch: 10 } });
    exchange.interfere = ({ to }) => {
      if (to === minutes(0)) throw new Error('no such page');
      return undefined;
    };
    const range = { from: minutes(-100), to: minutes(0) };
    for (let read = 0; read < 3; read += 1) await service.getCandles({ ...KEY, ...range });
    const { missing, failures } = await service.getCandles({ ...KEY, ...range });
    expect(missing).toEqual([{ from: minutes(-10), to: minutes(0) }]);
    expect(failures).toHaveLength(1);
    exchange.interfere = () => undefined;
    expect(await service.getCandles({ ...KEY, ...range })).toMatchObject({ missing: [] });
  });
});
