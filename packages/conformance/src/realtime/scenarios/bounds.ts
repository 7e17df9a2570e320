import { assertEqual, assertTrue } from '../../assertions.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { PARTS, stateOf } from '../realtime-state.ts';

const MOST_SYMBOLS = 5_000;
/** What the harness of a realtime cache must have room for. */
const ROOM = 100;
const MORE = 10;

export const boundScenarios: readonly RealtimeScenario[] = PARTS.map(({ name, sample, write }) =>
  scenario(
    `bounds/${name}`,
    `it keeps ${name} of as many symbols as it declares, and the newest of more`,
    async (realtime) => {
      const { maxSymbols: most = Number.POSITIVE_INFINITY } = realtime.capabilities;
      const isFilled = most <= MOST_SYMBOLS;
      const room = isFilled ? most : ROOM;
      for (let i = 0; i < room; i += 1) await write(realtime, i, `S${i}`);
      const { [name]: kept } = await realtime.stats();
      assertEqual(kept, room, `${name} of as many symbols as it has room for`);
      if (!isFilled) return;
      for (let i = room; i < room + MORE; i += 1) await write(realtime, i, `S${i}`);
      const { [name]: left, evictions } = await realtime.stats();
      assertTrue(left <= most, `${left} symbols are at most ${most}`);
      assertEqual(left + evictions, most + MORE, 'kept and evicted');
      const [i, symbol] = [most + MORE - 1, `S${most + MORE - 1}`];
      assertEqual((await stateOf(realtime, symbol))[name], [sample(i, symbol)], 'the newest');
    },
  ),
);
