import { assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { PARTS, stateOf } from '../realtime-state.ts';
import { sampleBook, sampleTicker, sampleTrades } from '../sample-market.ts';

const HOUR = 3_600_000;
/** Puts the end of each life between two sweeps, which would hide what reads must hide. */
const OFFSET = 7_000;
/** Long enough for every value to expire and for sweeps to have come by. */
const LONG = Math.max(...PARTS.map(({ lifeMs }) => lifeMs)) + 300_000;

/** By how much the wall clock is set: before a value is stored, and in the midst of its life. */
const CLOCKS: Readonly<Record<string, readonly [before: number, within: number]>> = {
  'a clock that is left alone': [0, 0],
  'a clock set back a little': [0, -1_000],
  'a clock set back': [0, -9 * HOUR],
  'a clock set ahead and right again': [9 * HOUR, -9 * HOUR],
};

export const expiryScenarios: readonly RealtimeScenario[] = [
  ...PARTS.map(({ name, lifeMs, write }) =>
    scenario(
      `expiry/${name}`,
      `${name} live for ${lifeMs} ms from when they were stored, whatever the clock is set to`,
      async (realtime, context) => {
        const { clock, timeStepMs } = context;
        const isThere = async () => (await stateOf(realtime))[name].length > 0;
        for (const [which, [before, within]] of Object.entries(CLOCKS)) {
          await realtime.clear();
          await context.advance(OFFSET);
          clock.setWallTime(clock.now() + before);
          // Long past by its own timestamp.
          await write(realtime, 9);
          await context.advance(lifeMs / 2);
          clock.setWallTime(clock.now() + within);
          assertTrue(await isThere(), `${which}: it is there in the midst of its life`);
          await context.advance(lifeMs / 2 - timeStepMs);
          assertTrue(await isThere(), `${which}: it is there just before its time`);
          await context.advance(timeStepMs);
          assertTrue(!(await isThere()), `${which}: it is gone when its time has come`);
          await write(realtime, 1);
          assertTrue(await isThere(), `${which}: an older one that is stored then is there`);
          await context.advance(lifeMs / 2);
          await write(realtime, 1);
          await context.advance(lifeMs / 2);
          const isRenewed = name !== 'trades';
          assertEqual(await isThere(), isRenewed, `${which}: the same once more begins a new life`);
        }
      },
    ),
  ),
  scenario(
    'expiry/sweeps',
    'what has expired leaves memory without being read, though the clock was set back',
    async (realtime, context) => {
      for (let i = 0; i < 50; i += 1) {
        await realtime.tickers.set(sampleTicker(0, `S${i}`));
        await realtime.orderBooks.set(sampleBook(0, `S${i}`, 30));
        await realtime.trades.append(`S${i}`, sampleTrades(0, 20));
      }
      const { bytes: full } = await realtime.stats();
      for (let i = 0; i < 3; i += 1) {
        context.clock.setWallTime(context.clock.now() - HOUR);
        await context.advance(LONG / 3);
      }
      const { tickers, orderBooks, trades, bytes } = await realtime.stats();
      const left = { tickers, orderBooks, trades };
      assertEqual(left, { tickers: 0, orderBooks: 0, trades: 0 }, 'what is left');
      assertTrue(bytes * 4 < full, `${bytes} bytes are less than a quarter of ${full}`);
    },
  ),
];
