import { createServer } from 'node:http';
import { ManualClock } from '@barkeep/core';
import { createMarketData, type IMarketDataService } from '@barkeep/market-data';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CUT_MS, ExchangeLine } from '../src/exchange/exchange-line.ts';
import { ExchangeRouter } from '../src/exchange/exchange-router.ts';
import { SimulatedExchange } from '../src/exchange/simulated-exchange.ts';
import { type DashboardOptions, DashboardServer } from '../src/server/dashboard-server.ts';
import type { MarketList } from '../src/server/wire.ts';

const NOW = Date.UTC(2026, 2, 14, 5, 26, 30);
const MINUTE = 60_000;
const key = { symbol: 'KRW-BTC', timeframe: '1m' } as const;
const candle = { open: 100, high: 110, low: 90, close: 105, volume: 2 };
const list: MarketList = {
  markets: [{ symbol: 'KRW-BTC', name: 'Bitcoin' }],
  timeframes: ['1m', '1h'],
  live: true,
};

let service: IMarketDataService;
let server: DashboardServer;
let watched: unknown[];
let errors: unknown[];

beforeEach(async () => {
  watched = [];
  errors = [];
  service = await createMarketData({ storage: 'memory:', clock: new ManualClock(NOW) });
  server = await startServer(0);
});
afterEach(async () => {
  await server.close();
  await service.close();
});

describe('the server', () => {
  it('serves the page, its styles, its modules without types, and the chart library', async () => {
    for (const [path, type, text] of [
      ['', 'text/html', '<title>Barkeep</title>'],
      ['page/dashboard.css', 'text/css', ':root'],
      ['page/icon.svg', 'image/svg+xml', '<svg'],
      ['page/dashboard.ts', 'text/javascript', 'class Dashboard'],
      ['modules/lightweight-charts.js', 'text/javascript', 'createChart'],
    ] as const) {
      const response = await fetch(server.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain(type);
      const body = await response.text();
      expect(body).toContain(text);
      if (path.endsWith('.ts')) expect(body).not.toContain('import type');
    }
  });

  it.each([
    'package.json',
    'page/tsconfig.json',
    'page/..%2f..%2fpackage.json',
    'page/../main.ts',
    'modules/',
  ])('serves no other file, such as %s', async (path) => {
    expect((await fetch(server.url + path)).status).toBe(404);
  });

  it('answers only GET', async () => {
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
  });

  it('lists the markets', async () => {
    expect(await getJson('api/markets')).toEqual(list);
  });

  it('hands out candles by range and by limit, and says where they came from', async () => {
    const minutes = Array.from({ length: 30 }, (_, i) => NOW - (NOW % MINUTE) - (30 - i) * MINUTE);
    const candles = minutes.map((timestamp) => ({ ...candle, timestamp }));
    await service.saveCandles(key, candles.toSpliced(6, 1));
    const latest = await getJson('api/candles?symbol=KRW-BTC&timeframe=1m&limit=10');
    expect(latest).toMatchObject({
      candles: minutes.slice(-10).map((timestamp) => ({ timestamp })),
    });
    expect(latest).toMatchObject({ origins: { coordinator: 0 }, missingPeriods: 0 });
    const range = `from=${minutes[5]}&to=${minutes[8]}`;
    expect(await getJson(`api/candles?symbol=KRW-BTC&timeframe=1m&${range}`)).toMatchObject({
      candles: [minutes[5], minutes[7]].map((timestamp) => ({ timestamp, close: 105, volume: 2 })),
      missingPeriods: 1,
    });
  });

  it.each([
    ['timeframe=1m', 'symbol'],
    ['symbol=A', 'timeframe'],
    ['symbol=A&timeframe=1x', 'timeframe'],
    ['symbol=A&timeframe=1m&limit=-1', 'limit'],
    ['symbol=A&timeframe=1m&from=1e3', 'from'],
    ['symbol=A&timeframe=1m&from=120000&to=60000', 'from'],
  ])('refuses ?%s, naming the parameter', async (query, field) => {
    const response = await fetch(`${server.url}api/candles?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(field) });
    expect(errors).toEqual([]);
  });

  it('tells a failure to the browser and to its owner', async () => {
    await service.close();
    const response = await fetch(`${server.url}api/candles?symbol=A&timeframe=1m`);
    expect(response.status).toBe(500);
    expect(errors).toMatchObject([{ code: 'NOT_OPEN' }]);
  });

  it('takes the next port when one is taken', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const second = await startServer(taken);
    expect(Number(new URL(second.url).port)).toBeGreaterThan(taken);
    await second.close();
    await new Promise((resolve) => blocker.close(resolve));
  });
});

describe('the button that cuts the exchange off', () => {
  it('has nothing to cut where there is no exchange', async () => {
    expect((await fetch(`${server.url}api/cut`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${server.url}api/cut`)).status).toBe(404);
  });

  it('cuts its line, and browsers hear of it', async () => {
    const clock = new ManualClock(NOW);
    const exchange = new SimulatedExchange({ clock });
    const router = new ExchangeRouter(exchange);
    const live = await createMarketData({ storage: 'memory:', router, clock });
    const line = new ExchangeLine(exchange, router);
    await server.close();
    server = await startServer(0, { service: live, line });
    const events = await openEvents('symbol=KRW-BTC&timeframe=1m');
    const statsOf = async () => (await events.take(1)).at(0)?.[1];
    await events.take(1);
    expect(await statsOf()).toMatchObject({ exchange: { status: 'connecting', since: NOW } });
    const response = await fetch(`${server.url}api/cut`, { method: 'POST' });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ cutUntil: NOW + CUT_MS });
    expect(await statsOf()).toMatchObject({ exchange: { cutUntil: NOW + CUT_MS } });
    line.mend();
    expect(await statsOf()).not.toMatchObject({ exchange: { cutUntil: expect.anything() } });
    router.step();
    expect(await statsOf()).toMatchObject({ exchange: { status: 'connected' } });
    await live.close();
  });
});

describe('the stream of events', () => {
  const ticker = { symbol: 'KRW-BTC', timestamp: NOW, price: 105 };
  const book = {
    symbol: 'KRW-BTC',
    timestamp: NOW,
    bids: [{ price: 104, size: 1 }],
    asks: [{ price: 106, size: 1 }],
  };
  const trade = { id: '1', timestamp: NOW, price: 105, size: 2, side: 'buy' } as const;

  it('first tells how things stand', async () => {
    await service.updateTicker(ticker);
    await service.updateOrderBook(book);
    await service.appendTrades('KRW-BTC', [trade]);
    const events = await openEvents('symbol=KRW-BTC&timeframe=1m');
    expect(await events.take(4)).toEqual([
      ['ticker', ticker],
      ['book', book],
      ['trades', [trade]],
      ['stats', expect.objectContaining({ candles: 0 })],
    ]);
    expect(watched).toEqual([key]);
  });

  it('then tells each change of its series and symbol, and no other', async () => {
    const events = await openEvents('symbol=KRW-BTC&timeframe=1m');
    await events.take(2);
    const timestamp = NOW - (NOW % MINUTE);
    await service.updateOrderBook({ ...book, symbol: 'KRW-ETH' });
    await service.appendTrades('KRW-ETH', [trade]);
    await service.saveCandles({ ...key, timeframe: '1h' }, [
      { ...candle, timestamp: NOW - (NOW % 3_600_000) },
    ]);
    await service.appendTrades('KRW-BTC', [trade]);
    expect(await events.take(1)).toEqual([['trades', [trade]]]);
    await service.saveCandles(key, [{ ...candle, timestamp }]);
    expect(await events.take(1)).toEqual([['candles', [{ ...candle, timestamp }]]]);
    await service.updateTicker({ ...ticker, symbol: 'KRW-ETH' });
    expect(await events.take(1)).toEqual([['ticker', { ...ticker, symbol: 'KRW-ETH' }]]);
  });

  it('refuses a series without a timeframe', async () => {
    expect((await fetch(`${server.url}events?symbol=A`)).status).toBe(400);
    expect(watched).toEqual([]);
  });

  it('ends when the server closes', async () => {
    const events = await openEvents('symbol=KRW-BTC&timeframe=1m');
    await events.take(2);
    await server.close();
    await expect(events.take(1)).rejects.toThrow();
  });
});

function startServer(
  port: number,
  options: Partial<DashboardOptions> = {},
): Promise<DashboardServer> {
  return DashboardServer.start({
    service,
    list,
    port,
    onWatch: (one) => watched.push(one),
    onError: (error) => errors.push(error),
    ...options,
  });
}

async function getJson(path: string): Promise<unknown> {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(200);
  return response.json();
}

/** Reads Server-Sent Events as [name, data]. */
async function openEvents(query: string) {
  const response = await fetch(`${server.url}events?${query}`);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<[string, unknown]> => {
    for (;;) {
      const match = /^event: (\w+)\ndata: (.*)\n\n/m.exec(text);
      if (match !== null) {
        text = text.slice(match.index + match[0].length);
        return [match[1] ?? '', JSON.parse(match[2] ?? '')];
      }
      const chunk = await reader?.read();
      if (chunk?.value === undefined) throw new Error('the stream has ended');
      text += chunk.value;
    }
  };
  return {
    async take(count: number): Promise<[string, unknown][]> {
      const taken: [string, unknown][] = [];
      while (taken.length < count) taken.push(await next());
      return taken;
    },
  };
}
