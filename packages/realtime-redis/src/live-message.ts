/** One change that a write told of. */
export interface LiveChange {
  /** `=`: set · `-`: deleted · `+`: trades appended · `*`: everything was cleared. */
  readonly what: string;
  readonly key: string;
  readonly value: string;
}

/** What one run of the write script changed. */
export interface LiveMessage {
  /** The key that counts the runs: one for all symbols, in a cluster one for each. */
  readonly sequence: string;
  /** The number of this run. */
  readonly version: number;
  /** When it ran, by the server's clock. */
  readonly instant: number;
  /** How long what it set lives since then, in milliseconds. */
  readonly lives: Readonly<Record<'ticker' | 'orderBook', number>>;
  readonly changes: readonly LiveChange[];
}

/** Nothing that is told has this character in it: no symbol, no number, and no id as it is encoded. */
const SEPARATOR = '\u0000';

export function parseLiveMessage(message: string): LiveMessage {
  const [sequence = '', version, instant, ticker, orderBook, ...parts] = message.split(SEPARATOR);
  const changes: LiveChange[] = [];
  for (let i = 0; i + 2 < parts.length; i += 3) {
    changes.push({ what: parts[i] ?? '', key: parts[i + 1] ?? '', value: parts[i + 2] ?? '' });
  }
  return {
    sequence,
    version: Number(version),
    instant: Number(instant),
    lives: { ticker: Number(ticker), orderBook: Number(orderBook) },
    changes,
  };
}
