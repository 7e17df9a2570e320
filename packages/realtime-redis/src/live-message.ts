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
  readonly changes: readonly LiveChange[];
}

/** Nothing that is told has this character in it: no symbol, no number, and no id as it is encoded. */
const SEPARATOR = '\u0000';

export function parseLiveMessage(message: string): LiveMessage {
  const [sequence = '', version, ...parts] = message.split(SEPARATOR);
  const changes: LiveChange[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const head = parts[i] ?? '';
    changes.push({ what: head.slice(0, 1), key: head.slice(1), value: parts[i + 1] ?? '' });
  }
  return { sequence, version: Number(version), changes };
}
