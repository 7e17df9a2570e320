import type { Persister } from '@barkeep/sqlite-engine';
import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
} from '../../conformance-harness.ts';

/** How the suite gets hold of a persister. `module`, `knownGaps` and `model` are as in `ConformanceHarness`. */
export interface PersisterHarness
  extends Pick<ConformanceHarness<ConformanceSubject>, 'name' | 'module' | 'knownGaps' | 'model'> {
  /** A persister of the database of a context, not loaded; called again: of the same one. */
  create(context: HarnessContext): Persister | Promise<Persister>;
  /** One of the database of this name, which is any text. Absent where names follow rules of others. */
  createNamed?(name: string, context: HarnessContext): Persister | Promise<Persister>;
  /** Ways in which what lies below can fail, by name: saves fail until what each returns is called. */
  readonly faults?: Readonly<Record<string, () => Promise<() => void>>>;
  /** Ways in which somebody else can change or take away the database while it is loaded, by name. */
  readonly intrusions?: Readonly<Record<string, (context: HarnessContext) => unknown>>;
}

/** A persister under test, in the shape that the runner knows: open when it is loaded. */
export class PersisterSubject implements ConformanceSubject {
  readonly capabilities: object = {};
  readonly persister: Persister;
  loaded: Uint8Array | undefined;

  constructor(persister: Persister) {
    this.persister = persister;
  }

  async open(): Promise<void> {
    this.loaded = await this.persister.load();
  }

  async close(): Promise<void> {
    await this.persister.close();
  }
}

export function persisterConformanceHarness(
  harness: PersisterHarness,
): ConformanceHarness<PersisterSubject> {
  const { create, createNamed, intrusions = {}, ...rest } = harness;
  const damages = Object.entries(intrusions).map(
    ([name, intrude]) => [name, (_: object, context: HarnessContext) => intrude(context)] as const,
  );
  return {
    ...rest,
    create: async (context) => new PersisterSubject(await create(context)),
    ...(createNamed && {
      createAt: async (name, context) => new PersisterSubject(await createNamed(name, context)),
    }),
    ...(damages.length > 0 && { damages: Object.fromEntries(damages) }),
  };
}
