import type { ChangeEvent } from '@barkeep/storage';
import { assertEqual } from '../../assertions.ts';
import { captureUncaughtErrors } from '../../capture-uncaught-errors.ts';
import { KEY, sampleMinutes } from '../sample-candles.ts';
import { type StorageScenario, scenario } from '../storage-scenario.ts';
import { assertSeries, listen } from '../stored-state.ts';

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
];
