import type { ManualClock } from '@barkeep/core';
import type { IRealtimeCache, RealtimeCapabilities } from '@barkeep/realtime';
import type { HarnessContext, KeptPlace, RealtimeHarness } from '../../src/realtime/index.ts';
import { ReferenceRealtime } from './reference-realtime.ts';
import { SharedReferenceRealtime } from './shared-reference-realtime.ts';

/** An adapter that is wrong on purpose. */
export interface PlantedRealtimeBug {
  /** What it does wrong, completing "an adapter that …". */
  readonly name: string;
  /** The key of the scenario that must fail. Others may fail too. */
  readonly caughtBy: string;
  readonly harness: RealtimeHarness;
}

type ReferenceClass = typeof ReferenceRealtime;
type SharedClass = typeof SharedReferenceRealtime;

/** The harness of the reference, or of a variant of it. */
export function referenceHarness(
  name = 'reference-realtime',
  Variant: ReferenceClass = ReferenceRealtime,
  capabilities: Partial<RealtimeCapabilities> = {},
): RealtimeHarness {
  return {
    name,
    model: { runs: 200 },
    create: ({ clock }) => new Variant(clock, capabilities),
    faults: {
      'a refused write': async (subject: IRealtimeCache) => {
        if (subject instanceof ReferenceRealtime) subject.isFailing = true;
        return () => {
          if (subject instanceof ReferenceRealtime) subject.isFailing = false;
        };
      },
    },
    damages: {
      'a foreign value': (place: KeptPlace, _: HarnessContext, subject: IRealtimeCache) => {
        if (subject instanceof ReferenceRealtime) subject.damage(place);
      },
    },
  };
}

/** The same of the reference that all processes share. */
export function sharedHarness(
  name = 'shared-reference-realtime',
  Variant: SharedClass = SharedReferenceRealtime,
): RealtimeHarness {
  const places = new WeakMap<ManualClock, Set<string>>();
  return {
    name,
    module: new URL('shared-realtime-bugs.ts', import.meta.url).href,
    model: { runs: 40 },
    create: ({ clock, directory }) => {
      places.set(clock, (places.get(clock) ?? new Set()).add(directory));
      return new Variant({ clock, directory });
    },
    advance: (ms, clock) => {
      for (const directory of places.get(clock) ?? []) SharedReferenceRealtime.pass(directory, ms);
      clock.advance(ms);
    },
  };
}

export function plantBug(
  name: string,
  caughtBy: string,
  plant: (base: ReferenceClass) => ReferenceClass,
  capabilities?: Partial<RealtimeCapabilities>,
): PlantedRealtimeBug {
  const reference = referenceHarness(name, plant(ReferenceRealtime), capabilities);
  const harness = { ...reference, model: { shrinkMs: 0 } };
  return { name, caughtBy: `realtime/${caughtBy}`, harness };
}

export function plantSharedBug(
  name: string,
  caughtBy: string,
  plant: (base: SharedClass) => SharedClass,
): PlantedRealtimeBug {
  const shared = sharedHarness(name, plant(SharedReferenceRealtime));
  const harness = { ...shared, model: { runs: 100, shrinkMs: 0 } };
  return { name, caughtBy: `realtime/${caughtBy}`, harness };
}
