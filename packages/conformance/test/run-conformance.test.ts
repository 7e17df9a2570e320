import {
  assertTrue,
  type ConformanceHarness,
  type ConformanceSubject,
  type ConformanceSuite,
  runConformance,
  type Scenario,
} from '@barkeep/conformance';
import { describe, expect, it } from 'vitest';

/** A subject that keeps a log of its life. */
class Lamp implements ConformanceSubject {
  readonly capabilities: { readonly dims: boolean };
  readonly log: string[];

  constructor(log: string[], dims = false) {
    this.log = log;
    this.capabilities = { dims };
  }

  async open(): Promise<void> {
    this.log.push('open');
  }

  async close(): Promise<void> {
    this.log.push('close');
  }
}

const scenarios: readonly Scenario<Lamp>[] = [
  { key: 'lamp/shines', title: 'it shines', run: async (context) => void (await context.open()) },
  {
    key: 'lamp/breaks',
    title: 'it breaks',
    run: async (context) => {
      await context.open();
      assertTrue(false, 'it is broken');
    },
  },
  {
    key: 'lamp/dims',
    title: 'it dims',
    requires: ({ dims }) => (dims ? undefined : 'dims is not declared'),
    run: async () => undefined,
  },
];
const suite: ConformanceSuite<Lamp> = { name: 'lamp', scenarios };

function harness(parts: Partial<ConformanceHarness<Lamp>> = {}): ConformanceHarness<Lamp> {
  return { name: 'lamp', create: async () => new Lamp([]), ...parts };
}

describe('runConformance', () => {
  it('tells what passed, what failed and why, and what was skipped and why', async () => {
    const report = await runConformance(suite, harness());
    expect(report).toEqual({
      passed: ['lamp/shines'],
      failed: [
        {
          key: 'lamp/breaks',
          error: expect.objectContaining({
            name: 'ConformanceError',
            message: expect.stringContaining('this must hold: it is broken'),
          }),
        },
      ],
      skipped: [{ key: 'lamp/dims', reason: 'dims is not declared' }],
      gaps: [],
    });
  });

  it('asks an instance for its capabilities', async () => {
    const report = await runConformance(suite, harness({ create: async () => new Lamp([], true) }));
    expect(report.passed).toEqual(['lamp/shines', 'lamp/dims']);
    expect(report.skipped).toEqual([]);
  });

  it('runs only what is asked for', async () => {
    const report = await runConformance(suite, harness(), { only: ['lamp/shines'] });
    expect(report).toEqual({ passed: ['lamp/shines'], failed: [], skipped: [], gaps: [] });
  });

  it('expects a known gap to fail', async () => {
    const knownGaps = { 'lamp/breaks': 'no spare bulb' };
    const { failed, gaps } = await runConformance(suite, harness({ knownGaps }));
    expect(failed).toEqual([]);
    expect(gaps).toMatchObject([{ key: 'lamp/breaks', reason: 'no spare bulb' }]);
  });

  it('fails a known gap that passes', async () => {
    const knownGaps = { 'lamp/shines': 'too dark' };
    const { passed, failed } = await runConformance(suite, harness({ knownGaps }));
    expect(passed).toEqual([]);
    expect(failed.map(({ key }) => key)).toEqual(['lamp/shines', 'lamp/breaks']);
    expect(String(failed[0]?.error)).toMatch('take it off knownGaps');
  });

  it('refuses keys that no scenario has', async () => {
    const knownGaps = { 'lamp/brakes': 'misspelled' };
    await expect(runConformance(suite, harness({ knownGaps }))).rejects.toThrow('lamp/brakes');
    await expect(runConformance(suite, harness(), { only: ['lamp/x'] })).rejects.toThrow('lamp/x');
  });

  it('closes every subject, then removes its data, also after a failure', async () => {
    const log: string[] = [];
    const { failed } = await runConformance(
      suite,
      harness({
        create: ({ onCleanup }) => {
          onCleanup(() => void log.push('destroy'));
          return new Lamp(log);
        },
      }),
      { only: ['lamp/breaks'] },
    );
    expect(failed.length).toBe(1);
    const plan = ['close', 'destroy'];
    expect(log).toEqual([...plan, 'open', 'close', 'destroy']);
  });

  it('reports a clean-up that fails, after all others were done', async () => {
    const log: string[] = [];
    const { failed } = await runConformance(
      {
        name: 'lamp',
        scenarios: [
          {
            key: 'lamp/falls',
            title: 'it falls',
            run: async (context) => {
              context.onCleanup(() => void log.push('swept'));
              context.onCleanup(() => Promise.reject(new Error('no broom')));
            },
          },
        ],
      },
      harness(),
    );
    expect(failed[0]?.error).toMatchObject({ cause: { errors: [new Error('no broom')] } });
    expect(log).toEqual(['swept']);
  });

  it('gives up a scenario that hangs', async () => {
    const hanging: Scenario<Lamp> = {
      key: 'lamp/hangs',
      title: 'it hangs',
      timeoutMs: 1,
      run: () => new Promise(() => undefined),
    };
    const { failed } = await runConformance({ name: 'lamp', scenarios: [hanging] }, harness());
    expect(String(failed[0]?.error)).toMatch(
      'lamp breaks lamp/hangs: it hangs.\nit has not ended after 1 ms',
    );
  });
});
