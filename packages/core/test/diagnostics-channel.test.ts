import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DiagnosticsChannel, TraceChannel } from '@barkeep/core';
import { describe, expect, it } from 'vitest';

describe('DiagnosticsChannel', () => {
  it('is heard while somebody listens, by its name', () => {
    const channel = new DiagnosticsChannel<{ readonly text: string }>('barkeep:test');
    const heard: unknown[] = [];
    const listener = (message: unknown): void => void heard.push(message);
    channel.publish({ text: 'nobody hears it' });
    expect(channel.isHeard).toBe(false);
    subscribe('barkeep:test', listener);
    expect(channel.isHeard).toBe(true);
    channel.publish({ text: 'hello' });
    unsubscribe('barkeep:test', listener);
    expect(channel.isHeard).toBe(false);
    expect(heard).toEqual([{ text: 'hello' }]);
  });
});

describe('TraceChannel', () => {
  it('gives the outcome of the work, heard or not', async () => {
    const channel = new TraceChannel<{ outcome?: number }>('barkeep:test');
    const failure = new Error('failed');
    const listener = (): void => {};
    for (const isHeard of [false, true]) {
      if (isHeard) subscribe('tracing:barkeep:test:error', listener);
      expect(channel.isHeard).toBe(isHeard);
      await expect(channel.trace({}, async () => 5)).resolves.toBe(5);
      await expect(channel.trace({}, () => Promise.reject(failure))).rejects.toBe(failure);
    }
    unsubscribe('tracing:barkeep:test:error', listener);
  });
});

describe('where there are no such channels, as in browsers', () => {
  it('nobody ever hears anything, and work is done all the same', async () => {
    const { process } = globalThis;
    const getBuiltinModule = process.getBuiltinModule;
    // As in a browser, where there is none.
    Object.defineProperty(process, 'getBuiltinModule', { value: undefined, configurable: true });
    try {
      const source = '../src/diagnostics-channel.ts?without-node';
      const absent = (await import(source)) as typeof import('../src/diagnostics-channel.ts');
      const channel = new absent.DiagnosticsChannel('barkeep:test');
      channel.publish({});
      const traces = new absent.TraceChannel('barkeep:test');
      expect([channel.isHeard, traces.isHeard]).toEqual([false, false]);
      expect(await traces.trace({}, async () => 5)).toBe(5);
    } finally {
      Object.defineProperty(process, 'getBuiltinModule', {
        value: getBuiltinModule,
        configurable: true,
      });
    }
  });
});
