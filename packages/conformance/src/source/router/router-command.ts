import type { SeriesKey } from '@barkeep/core';
import fc from 'fast-check';
import { MODEL_KEYS, type RouterModelRun, type Travel } from './router-model-run.ts';

/** Something that happens to a market, to its exchange, or on the way from there. */
export type RouterCommand =
  | {
      readonly does: 'trade';
      readonly key: SeriesKey;
      readonly price: number;
      readonly travel: Travel;
    }
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'arrive'; readonly shuffle: number }
  | { readonly does: 'repeat'; readonly which: number }
  | { readonly does: 'watch'; readonly key: SeriesKey }
  | { readonly does: 'cut' | 'notice' | 'connect' };

const key = fc.constantFrom(...MODEL_KEYS);
const choice = fc.nat({ max: 1_000 });

const trade = fc.record({
  does: fc.constant('trade' as const),
  key,
  price: fc.integer({ min: 90, max: 110 }),
  travel: fc.constantFrom<Travel>('at-once', 'late', 'twice'),
});
const pass = fc.record({
  does: fc.constant('pass' as const),
  ms: fc.constantFrom(1, 7_000, 20_000, 60_000, 95_000, 300_000),
});

export const routerCommand: fc.Arbitrary<RouterCommand> = fc.oneof(
  { weight: 8, arbitrary: trade },
  { weight: 5, arbitrary: pass },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('arrive' as const), shuffle: choice }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('repeat' as const), which: choice }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('watch' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('cut' as const, 'notice' as const, 'connect' as const),
    }),
  },
);

export async function runRouterCommand(run: RouterModelRun, command: RouterCommand): Promise<void> {
  switch (command.does) {
    case 'trade':
      return run.trade(command.key, command.price, command.travel);
    case 'pass':
      return run.pass(command.ms);
    case 'arrive':
      return run.arrive(command.shuffle);
    case 'repeat':
      return run.repeat(command.which);
    case 'watch':
      return run.watch(command.key);
    default:
      return run[command.does]();
  }
}
