import type { ISmartRouter } from '@barkeep/source';
import type { ConformanceHarness, ConformanceSubject } from '../../conformance-harness.ts';
import type { RouterExchange, RouterHarness, RouterUnderTest } from './router-harness.ts';

/** A router under test, in the shape that the runner knows. */
export class RouterSubject implements ConformanceSubject {
  readonly capabilities: { readonly endsStreams: boolean; readonly tellsLastSeen: boolean };
  readonly router: ISmartRouter;
  readonly exchange: RouterExchange;
  readonly maxTrades: number;
  readonly #underTest: RouterUnderTest;
  #closed = false;

  constructor(underTest: RouterUnderTest) {
    this.#underTest = underTest;
    this.router = underTest.router;
    this.exchange = underTest.exchange;
    this.maxTrades = underTest.maxTrades;
    this.capabilities = {
      endsStreams: underTest.exchange.endStream !== undefined,
      tellsLastSeen: 'lastSeen' in underTest.router,
    };
  }

  /** A router is made open; it is connected by its exchange. */
  async open(): Promise<void> {}

  /** Closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#underTest.close();
  }
}

export function routerConformanceHarness(
  harness: RouterHarness,
): ConformanceHarness<RouterSubject> {
  return {
    ...harness,
    create: async (context) => new RouterSubject(await harness.create(context)),
  };
}
