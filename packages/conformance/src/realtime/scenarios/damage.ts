import { assertEqual, assertTrue } from '../../assertions.ts';
import { needs } from '../../conformance-suite.ts';
import { isEqual } from '../../is-equal.ts';
import { type RealtimeScenario, scenario } from '../realtime-scenario.ts';
import { PARTS, stateOf } from '../realtime-state.ts';
import { OTHER, SYMBOL } from '../sample-market.ts';

/** What something else put where a value is kept. */
export const damageScenarios: readonly RealtimeScenario[] = PARTS.map(({ name, sample, write }) =>
  scenario(
    `damage/${name}`,
    `what something else put in the place of ${name} affects their symbol only, until the next write`,
    async (realtime, context) => {
      for (const [i, way] of context.damages.entries()) {
        const at = 10 * i;
        const damage = () => context.damage(way, { kind: name, name: SYMBOL }, realtime);
        await write(realtime, at, OTHER);
        await write(realtime, at);
        const { cursor } = await realtime.trades.replay(SYMBOL);
        await write(realtime, at + 1);
        await damage();
        const { unreadable: before } = await realtime.stats();
        if (name !== 'trades') {
          const [, other] = await realtime[name].getMany([SYMBOL, OTHER]);
          assertEqual(other, sample(at, OTHER), `${way}: the other of getMany`);
        }
        const { [name]: others } = await stateOf(realtime, OTHER);
        assertEqual(others.at(-1), sample(at, OTHER), `${way}: that of another symbol`);
        const { [name]: found } = await stateOf(realtime);
        const { unreadable: after } = await realtime.stats();
        // Copies in memory may be answered as long as they live.
        const isWhole = found.some((value) => isEqual(value, sample(at + 1)));
        assertTrue(isWhole || after > before, `${way}: what is damaged is counted`);
        const given = [sample(at), sample(at + 1)];
        const isGiven = found.every((value) => given.some((one) => isEqual(value, one)));
        assertTrue(isGiven, `${way}: only what was given is there`);
        await write(realtime, at + 2);
        const { [name]: written } = await stateOf(realtime);
        assertEqual(written.at(-1), sample(at + 2), `${way}: the latest after the next write`);
        if (name === 'trades') {
          const { gap } = await realtime.trades.replay(SYMBOL, { after: cursor });
          assertTrue(gap, `${way}: a replay reports the gap`);
        }
        await damage();
        await realtime[name].delete(SYMBOL);
        assertEqual((await stateOf(realtime))[name], [], `${way}: what is there after a delete`);
      }
    },
    needs('damages'),
  ),
);
