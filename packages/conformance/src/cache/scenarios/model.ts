import fc from 'fast-check';
import { assertEqual } from '../../assertions.ts';
import { checkModel, MODEL_TIMEOUT_MS } from '../../check-model.ts';
import {
  type CacheScenario,
  type Condition,
  lasting,
  scenario,
  shared,
} from '../cache-scenario.ts';
import { type CacheCommand, commandSequences } from '../model/cache-command.ts';
import { type CacheHandle, CacheModelRun } from '../model/cache-model-run.ts';

const clockSetBack = fc
  .constantFrom(500, 3_600_000, 9 * 3_600_000)
  .map((ms): CacheCommand => ['set-clock-back', ms]);

export const modelScenarios: readonly CacheScenario[] = [
  model('commands', 'any sequence of calls answers as a plain model does', clockSetBack, 1),
  model(
    'reopen',
    'also when it is closed and opened again in between',
    fc.constant(['reopen']),
    // Opening a cache takes long.
    0.15,
    lasting,
  ),
  model(
    'shared',
    'also when the calls are made through two handles in turn',
    fc.constant(['switch-handle']),
    0.2,
    shared,
  ),
];

function model(
  name: string,
  title: string,
  extra: fc.Arbitrary<CacheCommand>,
  share: number,
  conditions?: Condition,
): CacheScenario {
  return scenario(
    `model/${name}`,
    title,
    async (cache, context) => {
      const other = await context.open();
      await other.set('key', 'of another');
      const handles: CacheHandle[] = [cache];
      if (conditions === shared) handles.push(await context.openBeside(cache));
      await checkModel(
        context.model,
        commandSequences(context.faults, extra),
        (commands) => new CacheModelRun(context, handles).execute(commands),
        share,
      );
      assertEqual(await other.get('key'), 'of another', 'what another cache has');
    },
    { ...conditions, timeoutMs: MODEL_TIMEOUT_MS },
  );
}
