import type { ServerResponse } from 'node:http';
import type { LiveEvents } from './wire.ts';

/** A browser that reads slower than this many bytes behind is let go; it comes back by itself. */
const MAX_BACKLOG_BYTES = 1_048_576;

/** One browser's connection for Server-Sent Events. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.write('retry: 1000\n\n');
  }

  send<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    if (this.#response.writableLength > MAX_BACKLOG_BYTES) this.#response.destroy();
  }

  /** Calls back when the browser has gone or was let go. */
  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }

  close(): void {
    this.#response.end();
  }
}
