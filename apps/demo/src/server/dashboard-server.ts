import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BarkeepError, type SeriesKey } from '@barkeep/core';
import type { IMarketDataService } from '@barkeep/market-data';
import type { ExchangeLine } from '../exchange/exchange-line.ts';
import { readDatabaseStatus, runMaintenance } from './database-status.ts';
import { EventStream } from './event-stream.ts';
import { LiveSession } from './live-session.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { readCandlePage, seriesKeyOf } from './read-candle-page.ts';
import type { MarketList } from './wire.ts';

/** Only this machine can reach the page. */
const HOST = '127.0.0.1';
const PORTS_TO_TRY = 50;

export interface DashboardOptions {
  readonly service: IMarketDataService;
  readonly list: MarketList;
  /** What the page's button cuts. Default: none, and there is nothing to cut. */
  readonly line?: ExchangeLine | undefined;
  /** The first port to try; 0 lets the system choose. */
  readonly port: number;
  /** A browser looks at a series: it should be live from now on. */
  readonly onWatch: (key: SeriesKey) => void;
  /** Something failed that no request can be told. */
  readonly onError: (error: unknown) => void;
}

/** Serves the page, the candles it asks for, and what happens. */
export class DashboardServer {
  readonly url: string;
  readonly #server: Server;
  readonly #sessions: Set<LiveSession>;

  private constructor(server: Server, port: number, sessions: Set<LiveSession>) {
    this.#server = server;
    this.#sessions = sessions;
    this.url = `http://${HOST}:${port}/`;
  }

  /** Listens on the first free port. */
  static async start(options: DashboardOptions): Promise<DashboardServer> {
    const sessions = new Set<LiveSession>();
    const handler = new RequestHandler(options, await readPageFiles(), sessions);
    const server = createServer((request, response) => void handler.handle(request, response));
    const port = await listenOnFreePort(server, options.port);
    return new DashboardServer(server, port, sessions);
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.end();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

class RequestHandler {
  readonly #options: DashboardOptions;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #sessions: Set<LiveSession>;

  constructor(
    options: DashboardOptions,
    files: ReadonlyMap<string, PageFile>,
    sessions: Set<LiveSession>,
  ) {
    this.#options = options;
    this.#files = files;
    this.#sessions = sessions;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${HOST}`);
    try {
      if (request.method === 'POST' && url.pathname === '/api/cut') this.#cut(response);
      else if (url.pathname === '/api/database') await this.#sendDatabase(request, url, response);
      else if (request.method !== 'GET') sendJson(response, 405, { error: 'only GET is answered' });
      else if (url.pathname === '/api/markets') sendJson(response, 200, this.#options.list);
      else if (url.pathname === '/api/candles') await this.#sendCandles(url, response);
      else if (url.pathname === '/events') this.#beginSession(url, response);
      else this.#sendFile(url, response);
    } catch (error) {
      this.#sendError(error, response);
    }
  }

  #cut(response: ServerResponse): void {
    const { line } = this.#options;
    line?.cut();
    if (line === undefined) sendJson(response, 404, { error: 'there is no exchange to cut off' });
    else sendJson(response, 202, { cutUntil: line.cutUntil });
  }

  /** A `POST` has something done first. */
  async #sendDatabase(
    { method }: IncomingMessage,
    url: URL,
    response: ServerResponse,
  ): Promise<void> {
    const { service } = this.#options;
    if (method === 'POST' && service.maintenance !== undefined) {
      await runMaintenance(service.maintenance, url.searchParams.get('action'));
    }
    const status = await readDatabaseStatus(service);
    if (status !== undefined) sendJson(response, 200, status);
    else sendJson(response, 404, { error: 'this storage needs no maintenance' });
  }

  async #sendCandles(url: URL, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { service } = this.#options;
    sendJson(response, 200, await readCandlePage(service, url.searchParams, gone.signal));
  }

  #beginSession(url: URL, response: ServerResponse): void {
    const { service, list, line, onWatch, onError } = this.#options;
    const key = seriesKeyOf(url.searchParams);
    onWatch(key);
    const stream = new EventStream(response);
    const session = new LiveSession({ service, line, onError }, stream, key);
    this.#sessions.add(session);
    stream.onClose(() => this.#sessions.delete(session));
    session.begin(list.markets.map(({ symbol }) => symbol));
  }

  #sendFile(url: URL, response: ServerResponse): void {
    const file = this.#files.get(url.pathname);
    if (file === undefined) {
      sendJson(response, 404, { error: `there is no ${url.pathname}` });
      return;
    }
    response.writeHead(200, { 'content-type': file.contentType, 'cache-control': 'no-cache' });
    response.end(file.body);
  }

  #sendError(error: unknown, response: ServerResponse): void {
    if (response.destroyed) return;
    const message = error instanceof Error ? error.message : String(error);
    if (BarkeepError.is(error, 'INVALID_INPUT')) sendJson(response, 400, { error: message });
    else {
      this.#options.onError(error);
      sendJson(response, 500, { error: message });
    }
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(value));
}

async function listenOnFreePort(server: Server, first: number): Promise<number> {
  for (let port = first; port < first + PORTS_TO_TRY && port <= 65_535; port += 1) {
    const bound = await tryToListen(server, port);
    if (bound !== undefined) return bound;
  }
  const message = `no port from ${first} to ${first + PORTS_TO_TRY - 1} is free`;
  throw new BarkeepError('CANNOT_OPEN', message, { details: { port: first } });
}

/** The port, or `undefined` when somebody else has it. */
function tryToListen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    };
    server.once('error', onError);
    server.listen(port, HOST, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port : undefined);
    });
  });
}
