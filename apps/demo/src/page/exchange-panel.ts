import type { ExchangeStats } from '../server/wire.ts';
import { formatTime } from './number-format.ts';
import { pageElement } from './page-element.ts';

const TICK_MS = 1_000;

/** How the exchange's stream stands, and the button that cuts it off for a while. */
export class ExchangePanel {
  readonly #panel = pageElement('exchange');
  readonly #state = pageElement('exchange-state');
  readonly #button = pageElement('cut');
  #cutUntil: number | undefined;

  /** `onCut` asks the server to cut the connection. */
  constructor(onCut: () => void) {
    this.#button.addEventListener('click', () => {
      if (this.#cutUntil === undefined) onCut();
    });
    setInterval(() => this.#showButton(), TICK_MS);
  }

  show({ status, since, cutUntil }: ExchangeStats): void {
    this.#panel.hidden = false;
    const isConnected = status === 'connected';
    const text = `${status} since ${formatTime(since)}`;
    // It is read out when it changes, so it is changed only when there is news.
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.#state.setAttribute('data-state', isConnected ? 'live' : 'lost');
    this.#cutUntil = cutUntil;
    this.#showButton();
  }

  /** The server that knows cannot be reached. */
  showUnknown(): void {
    this.#state.textContent = 'state unknown';
    this.#state.setAttribute('data-state', 'waiting');
    this.#cutUntil = undefined;
    this.#showButton();
  }

  /** A button that cannot be used keeps the focus, so it is not `disabled`. */
  #showButton(): void {
    const left = this.#cutUntil === undefined ? 0 : this.#cutUntil - Date.now();
    const text =
      this.#cutUntil === undefined
        ? 'Cut the connection'
        : `Cut, for ${Math.max(1, Math.ceil(left / 1_000))} s more`;
    if (this.#button.textContent !== text) this.#button.textContent = text;
    this.#button.setAttribute('aria-disabled', String(this.#cutUntil !== undefined));
  }
}
