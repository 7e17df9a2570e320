import { type ClockTimer, type EpochMs, ListenerSet, type Unsubscribe } from '@barkeep/core';
import type { ISmartRouter } from '@barkeep/source';
import type { SimulatedExchange } from './simulated-exchange.ts';

/** An outage by hand: long enough for the router to notice that nothing comes any more. */
export const CUT_MS = 20_000;

/** The line between the exchange and the router, which can be cut for a while. */
export class ExchangeLine {
  readonly #exchange: SimulatedExchange;
  readonly #router: ISmartRouter;
  readonly #cuts = new ListenerSet<void>();
  #cutUntil: EpochMs | undefined;
  #timer: ClockTimer | undefined;

  constructor(exchange: SimulatedExchange, router: ISmartRouter) {
    this.#exchange = exchange;
    this.#router = router;
  }

  /** When the exchange can be reached again; `undefined` while it can. */
  get cutUntil(): EpochMs | undefined {
    return this.#cutUntil;
  }

  /** Interrupts the exchange's streams for `CUT_MS`. Nothing happens while they are. */
  cut(): void {
    if (this.#timer !== undefined) return;
    const { clock } = this.#exchange;
    this.#exchange.interruptStreams();
    this.#cutUntil = clock.now() + CUT_MS;
    this.#timer = clock.setTimer(() => this.mend(), CUT_MS);
    this.#cuts.emit();
  }

  /** The exchange can be reached. */
  mend(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#cutUntil = undefined;
    this.#exchange.resumeStreams();
    this.#cuts.emit();
  }

  /** Calls back when the line is cut or mended, and when the router has noticed. */
  subscribe(listener: () => void): Unsubscribe {
    const endCuts = this.#cuts.add(listener);
    const endConnections = this.#router.subscribe(({ type }) => {
      if (type === 'connection') listener();
    });
    return () => {
      endCuts();
      endConnections();
    };
  }
}
