import { styled, type Terminal } from './terminal-style.ts';

const WIDTH = 32;
const REDRAW_MS = 60;

/** One line that is redrawn in place; silent where nobody watches. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #label: string;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal;
    this.#label = label;
  }

  /** Shows a share of 0 to 1, and a note. */
  update(share: number, note: string): void {
    if (!this.#terminal.interactive) return;
    const now = performance.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const filled = Math.round(Math.min(1, share) * WIDTH);
    const bar = styled(this.#terminal, 'cyan', '█'.repeat(filled)) + '░'.repeat(WIDTH - filled);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    this.#terminal.stream.write(`\r\x1b[2K${this.#label} ${bar} ${percent}  ${note}`);
  }

  /** Takes the line away. */
  done(): void {
    if (this.#terminal.interactive) this.#terminal.stream.write('\r\x1b[2K');
  }
}
