import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const OPEN = `
  import { createMarketData } from '@barkeep/market-data';
  import { BarkeepError } from '@barkeep/core';
  const open = (fetchCandles, fetching) =>
    createMarketData({ storage: 'memory:', fetching, coordinator: { fetchCandles } });
  const day = { symbol: 'X', timeframe: '1m', from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) };
  const codes = ({ failures }) => failures.map(({ error }) => error.code).join();
`;

/** Runs a module in a process of its own; an exit code that is not 0 rejects, 13 among them. */
async function run(code: string): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--conditions=@barkeep/typescript', '--input-type=module-typescript'],
    { cwd: resolve(import.meta.dirname, '..'), timeout: 20_000, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.end(OPEN + code);
  const closed = new Promise<number | null>((done) => child.once('close', done));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const exitCode = await closed;
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${errors}`);
  return out.trim();
}

describe('a process in which nothing else is pending', () => {
  it('goes on until a coordinator that never answers has run out of time, and then ends', async () => {
    const printed = await run(`
      const market = await open(() => new Promise(() => {}), {
        timeoutMs: 200, retry: { maxAttempts: 2, baseDelayMs: 100 },
      });
      console.log(codes(await market.getCandles(day)));
      await market.close();
    `);
    expect(printed).toBe('TIMEOUT');
  });

  it('goes on while reads wait for slots, pauses and probes, and then ends without a close', async () => {
    const printed = await run(`
      let calls = 0;
      const market = await open(
        async () => {
          calls += 1;
          if (calls === 1) {
            throw new BarkeepError('OVERLOADED', 'slowly', { retryable: true, details: { retryAfterMs: 300 } });
          }
          if (calls < 4) return new Promise(() => {});
          return { candles: [] };
        },
        { timeoutMs: 200, maxConcurrentFetches: 2, retry: { baseDelayMs: 50 } },
      );
      const reads = [1, 2, 3, 4].map((i) => market.getCandles({ ...day, symbol: 'S' + i }));
      console.log((await Promise.all(reads)).map(codes).join('|'));
    `);
    expect(printed).toBe('|||');
  });

  it('goes on until a read that its signal gives up has settled', async () => {
    const printed = await run(`
      const market = await open(() => new Promise(() => {}), {});
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 100);
      const reading = market.getCandles(day, { signal: stop.signal });
      console.log(await reading.catch(({ code }) => code));
      await market.close();
    `);
    expect(printed).toBe('ABORTED');
  });
});
