import type { IRealtimeCache } from '@barkeep/realtime';
import fc from 'fast-check';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { RealtimeModel } from '../realtime-model.ts';
import { type RealtimeContext, type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { sampleBook, sampleTicker, sampleTrade } from '../sample-market.ts';

interface Play {
  readonly realtime: IRealtimeCache;
  readonly model: RealtimeModel;
  readonly context: RealtimeContext;
  /** The last replay of each symbol, and how much had arrived by then. */
  readonly cursors: Map<string, { readonly cursor: string; readonly arrivals: number }>;
}

type Command = (play: Play) => Promise<void>;

const DEFAULT_RUNS = 1_000;
/** Trades of one run stay below every bound, so that only expiry and deletes take them away. */
const TRADE_IDS = 12;

const symbol = fc.constantFrom('A', 'AB', '__proto__');
const at = fc.integer({ min: 0, max: 6 });
const kind = fc.constantFrom('tickers' as const, 'orderBooks' as const, 'trades' as const);
const trade = fc
  .tuple(fc.integer({ min: 0, max: TRADE_IDS - 1 }), at)
  .map(([id, time]) => sampleTrade(time, { id: `t${id}` }));

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(at, symbol).map(setTicker) },
  { weight: 3, arbitrary: fc.tuple(at, symbol, fc.integer({ min: 0, max: 4 })).map(setBook) },
  { weight: 4, arbitrary: fc.tuple(symbol, fc.array(trade, { maxLength: 5 })).map(append) },
  { weight: 3, arbitrary: symbol.map(readAll) },
  { weight: 2, arbitrary: fc.tuple(symbol, fc.integer({ min: 0, max: 5 }), at).map(readSome) },
  { weight: 3, arbitrary: symbol.map(replay) },
  { weight: 1, arbitrary: fc.tuple(kind, symbol).map(remove) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 15_000, 30_000, 150_000, 300_000, 600_000).map(advance),
  },
  { weight: 1, arbitrary: fc.constant(300_000).map(almost) },
  { weight: 1, arbitrary: fc.constantFrom(2_000, 3_600_000).map(setBack) },
  { weight: 1, arbitrary: fc.constant(sweep) },
);

export const modelScenarios: readonly RealtimeScenario[] = [
  scenario(
    'model/commands',
    'any sequence of calls answers as a plain model does',
    async (realtime, context) => {
      const { runs = DEFAULT_RUNS, ...again } = context.model;
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 25 }),
        async (commands) => {
          await realtime.clear();
          const model = new RealtimeModel(context.clock);
          const play: Play = { realtime, model, context, cursors: new Map() };
          for (const step of commands) await step(play);
          for (const one of ['A', 'AB', '__proto__']) await readAll(one)(play);
        },
      );
      await fc.assert(property, { numRuns: runs, ...again });
    },
    { timeoutMs: 120_000 },
  ),
];

function setTicker([time, name]: [number, string]): Command {
  return async ({ realtime, model }) => {
    const ticker = sampleTicker(time, name);
    assertEqual(await realtime.tickers.set(ticker), model.setTicker(ticker), 'tickers.set');
  };
}

function setBook([time, name, levels]: [number, string, number]): Command {
  return async ({ realtime, model }) => {
    const book = sampleBook(time, name, levels);
    assertEqual(await realtime.orderBooks.set(book), model.setBook(book), 'orderBooks.set');
  };
}

function append([name, trades]: [string, ReturnType<typeof sampleTrade>[]]): Command {
  return async ({ realtime, model }) => {
    const expected = model.append(name, trades);
    assertEqual(await realtime.trades.append(name, trades), expected, 'trades.append');
  };
}

function readAll(name: string): Command {
  return async ({ realtime, model }) => {
    assertEqual(await realtime.tickers.get(name), model.ticker(name), 'tickers.get');
    assertEqual(await realtime.orderBooks.get(name), model.book(name), 'orderBooks.get');
    assertEqual(await realtime.trades.recent(name), model.recent(name), 'trades.recent');
  };
}

function readSome([name, limit, time]: [string, number, number]): Command {
  return async ({ realtime, model }) => {
    const since = sampleTrade(time).timestamp;
    const wanted = model.recent(name).filter(({ timestamp }) => timestamp >= since);
    const expected = limit === 0 ? [] : wanted.slice(-limit);
    const actual = await realtime.trades.recent(name, { limit, since });
    assertEqual(actual, expected, `trades.recent with limit ${limit}`);
  };
}

/** A gap may be reported where there is none, but never the other way round. */
function replay(name: string): Command {
  return async ({ realtime, model, cursors }) => {
    const before = cursors.get(name);
    const result = await realtime.trades.replay(name, { after: before?.cursor });
    const unseen = model.arrivedAfter(name, before?.arrivals ?? 0);
    assertEqual(result.trades, unseen, 'trades.replay');
    if (before === undefined) assertTrue(!result.gap, 'no cursor, no gap');
    else if (model.hasLostAfter(name, before.arrivals)) assertTrue(result.gap, 'the gap is told');
    cursors.set(name, { cursor: result.cursor, arrivals: model.arrivals });
  };
}

function remove([which, name]: ['tickers' | 'orderBooks' | 'trades', string]): Command {
  return async ({ realtime, model }) => {
    const expected = model.delete(which, name);
    assertEqual(await realtime[which].delete(name), expected, `${which}.delete`);
  };
}

function advance(ms: number): Command {
  return ({ context }) => context.advance(ms);
}

function almost(ms: number): Command {
  return ({ context }) => context.advance(ms - context.timeStepMs);
}

function setBack(ms: number): Command {
  return async ({ context: { clock } }) => clock.setWallTime(clock.now() - ms);
}

async function sweep({ realtime }: Play): Promise<void> {
  await realtime.sweep();
  assertEqual(await realtime.sweep(), 0, 'a second sweep');
}
