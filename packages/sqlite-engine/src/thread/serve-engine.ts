import type { ArchiveSnapshot } from '@barkeep/candle-archive';
import type { CandleColumn, CandleColumns } from '@barkeep/core';
import type { StatedColumns } from '../sqlite-engine.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import {
  columnBuffers,
  packError,
  type ThreadCalls,
  type ThreadRequest,
  type ThreadResponse,
} from './thread-protocol.ts';

/** The thread's end of a connection: what is used of `parentPort` of `node:worker_threads`, and can be made of a `MessagePort` of the web. */
export interface EnginePort {
  on(event: 'message', listener: (request: ThreadRequest) => void): unknown;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

export interface ServeOptions {
  /** Does a little of what can wait; returns whether there is more. What it throws is reported to the client. */
  readonly whenIdle: () => boolean;
  /** Calls back when nothing else is to be done, as `setImmediate` does. */
  readonly defer: (callback: () => void) => void;
}

/**
 * Answers requests in their order; where a call returns a promise, when that is kept. What can wait is
 * done a step at a time, so that a request waits for one step at most.
 */
export function serveEngine(port: EnginePort, calls: ThreadCalls, options: ServeOptions): void {
  let waitsForIdle = false;
  const workWhenIdle = (): void => {
    if (waitsForIdle) return;
    waitsForIdle = true;
    options.defer(() => {
      waitsForIdle = false;
      try {
        if (options.whenIdle()) workWhenIdle();
      } catch (error) {
        port.postMessage({ failure: packError(sqliteFailure(error)) } satisfies ThreadResponse);
        workWhenIdle();
      }
    });
  };
  port.on('message', (request) => {
    answer(calls, request, ({ response, transfer }) => {
      port.postMessage(response, transfer);
      workWhenIdle();
    });
  });
}

interface Answer {
  readonly response: ThreadResponse;
  readonly transfer: readonly ArrayBuffer[];
}

function answer(
  calls: ThreadCalls,
  { id, method, parameters }: ThreadRequest,
  send: (answer: Answer) => void,
): void {
  const succeed = (value: unknown): void => {
    send({ response: { id, value }, transfer: movable(method, value) });
  };
  const fail = (error: unknown): void => {
    send({ response: { id, error: packError(sqliteFailure(error)) }, transfer: [] });
  };
  try {
    const call = calls[method] as (...parameters: readonly unknown[]) => unknown;
    const value = call(...parameters);
    if (value instanceof Promise) value.then(succeed, fail);
    else succeed(value);
  } catch (error) {
    fail(error);
  }
}

/** What is worth moving, and nobody else has. */
function movable(method: string, value: unknown): readonly ArrayBuffer[] {
  if (value instanceof Uint8Array) {
    return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  }
  if (method === 'readMany') return columnBuffers(value as CandleColumns[]);
  if (method === 'snapshots') {
    const parts = (value as ArchiveSnapshot[]).flatMap(({ ranges }) => ranges);
    return columnBuffers(parts.flatMap(({ columns }) => columns ?? []));
  }
  if (method === 'readPart') return columnBuffers([(value as StatedColumns<CandleColumn>).columns]);
  if (value !== undefined && ['read', 'readUpTo', 'readColumns'].includes(method)) {
    return columnBuffers([value as Partial<CandleColumns>]);
  }
  return [];
}
