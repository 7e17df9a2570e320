import type { ChangeEvent } from '@barkeep/storage';
import { assertEqual } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { KEY, minute, minutes, OTHER_KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertNothingStored, assertSeries, listen } from '../stored-state.ts';

/** What the model's one listener does not show. */
export const changeScenarios: readonly StorageScenario[] = [
  scenario(
    'changes/listeners',
    'each subscription is one, and ends when it is ended',
    async ({ candles, changes }) => {
      const heard: string[] = [];
      const first = (): void => void heard.push('first');
      const stopFirst = changes.subscribe(first);
      changes.subscribe(() => heard.push('second'));
      const stopAgain = changes.subscribe(first);
      await candles.write({ key: KEY, candles: sampleMinutes(0, 1) });
      stopFirst();
      stopFirst();
      await candles.write({ key: KEY, candles: sampleMinutes(1, 2) });
      stopAgain();
      await candles.write({ key: KEY, candles: sampleMinutes(2, 3) });
      const expected = ['first', 'second', 'first', 'second', 'first', 'second'];
      assertEqual(heard, expected, 'which listeners heard of three writes');
    },
  ),
  scenario(
    'changes/throwing-listener',
    'what a listener throws reaches nobody but the process',
    async (storage) => {
      const failure = new Error('a listener failed');
      let heard: readonly ChangeEvent[] = [];
      const uncaught = await captureUncaughtErrors(async () => {
        storage.changes.subscribe(() => {
          throw failure;
        });
        heard = listen(storage);
        await storage.candles.write({ key: KEY, candles: sampleMinutes(0, 3) });
      });
      assertEqual(heard.length, 1, 'the events of the other listener');
      assertEqual(uncaught, [failure], 'the errors that surface');
      await assertSeries(storage, KEY, sampleMinutes(0, 3), 'after a listener threw');
    },
  ),
  scenario(
    'changes/announce-unknown',
    'a series that is not stored can be announced, of candles first, and stays one',
    async (storage) => {
      const events = listen(storage);
      const interval = minutes(2, 4);
      await storage.changes.announce(OTHER_KEY, { from: minute(2) + 1, to: minute(3) + 1 });
      const event = { key: OTHER_KEY, interval, origin: 'local' };
      const expected = ['candles', 'coverage'].map((type) => ({ type, ...event }));
      assertEqual(events, expected, 'the events, of every period that the range touches');
      await assertNothingStored(storage, OTHER_KEY, 'after the announcement');
      const { size, operations } = await storage.stats();
      assertEqual(size.series, 0, 'how many series there are');
      assertEqual(operations['changes.announce']?.calls, 1, 'the calls that are counted');
    },
  ),
];
