import type { Persister } from '@barkeep/sqlite-engine';
import { assertEqual, assertRejects, assertTrue, rejectionOf } from '../assertions.ts';
import { MODEL_TIMEOUT_MS } from '../check-model.ts';
import { type Scenario, scenarioMaker } from '../conformance-suite.ts';
import { hasProcesses } from '../platform.ts';
import { assertImage, databaseImage, type ImageSpec } from './database-image.ts';
import { checkPersister } from './persister-model.ts';

const { bareScenario } = scenarioMaker<Persister>('persister');
const OLD: ImageSpec = { pages: 9, pageSize: 4_096, seed: 1 };
const LARGE: ImageSpec = { pages: 1_500, pageSize: 4_096, seed: 2 };
const ROUNDS = 5;
const NAMES = ['a', 'A', '\u00e9', 'e\u0301', 'a b', 'a%20b', 'a+b', '비트코인', 'a'.repeat(40)];

export const persisterScenarios: readonly Scenario<Persister>[] = [
  bareScenario(
    'model/commands',
    'what was saved last is loaded, as a whole, whoever else has tried meanwhile',
    async (context) => {
      await checkPersister(context, ['save']);
    },
    { timeoutMs: MODEL_TIMEOUT_MS },
  ),
  bareScenario(
    'model/faults',
    'when something below fails, a save has happened, or rejects and changes nothing',
    async (context) => {
      const failures = await checkPersister(context, ['save', 'save', 'save-failing']);
      assertTrue(failures > 0, 'the faults of its harness make saves fail');
    },
    {
      requires: (_, { faults }) =>
        faults === undefined ? 'its harness knows no faults of what lies below' : undefined,
      timeoutMs: MODEL_TIMEOUT_MS,
    },
  ),
  bareScenario(
    'kill/saves',
    'what has resolved survives a kill, and a save under way is whole or not there',
    async (context) => {
      let durationMs = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const elsewhere = await context.startProcess();
        await elsewhere.call('load');
        const begun = Date.now();
        await elsewhere.call('save', databaseImage(LARGE));
        durationMs ||= Date.now() - begun;
        const next = { ...LARGE, seed: 3 };
        let last = LARGE;
        const saving = elsewhere.call('save', databaseImage(next)).then(() => {
          last = next;
        });
        if (round === 0) {
          await saving;
          const rival = await context.createBeside(elsewhere);
          await assertRejects(() => rival.load(), 'BUSY', 'load beside a process');
        } else await new Promise((resolve) => setTimeout(resolve, (durationMs * round) / ROUNDS));
        await elsewhere.kill();
        await Promise.allSettled([saving]);
        const loaded = await (await context.openBeside(elsewhere)).load();
        const isNext = loaded?.[63] === databaseImage(next)[63];
        assertImage(loaded, isNext ? next : last, 'what is loaded after the kill');
      }
    },
    {
      requires: () => (hasProcesses() ? undefined : 'no process can be started here'),
      timeoutMs: 60_000,
    },
  ),
  bareScenario(
    'others/noticed',
    'what somebody else has changed or taken away is not written over, and check says so',
    async (context) => {
      for (const way of context.damages) {
        const first = await context.create();
        await first.load();
        await first.save(databaseImage(OLD));
        const persister = await context.reopen(first);
        await persister.load();
        await context.damage(way, { kind: 'entries', name: '' }, persister);
        const check = persister.check?.bind(persister);
        if (check !== undefined) await rejectionOf(check, `check with ${way}`);
        await rejectionOf(() => persister.save(databaseImage(LARGE)), `save with ${way}`);
        await persister.close();
      }
    },
    {
      requires: (_, { damages }) =>
        damages === undefined ? 'its harness knows no way in which others get at it' : undefined,
    },
  ),
  bareScenario(
    'names/alike',
    'databases whose names are alike are different ones',
    async (context) => {
      const beside = await context.create();
      for (const [seed, name] of NAMES.entries()) {
        const one = await context.openAt(name, beside);
        assertEqual(await one.load(), undefined, `what is loaded of ${name} before it was saved`);
        await one.save(databaseImage({ ...OLD, seed }));
        await one.close();
      }
      for (const [seed, name] of NAMES.entries()) {
        const loaded = await (await context.openAt(name, beside)).load();
        assertImage(loaded, { ...OLD, seed }, `what is loaded of ${name}`);
      }
    },
    {
      requires: (_, { createAt }) =>
        createAt === undefined ? 'its names follow the rules of something else' : undefined,
    },
  ),
];
