import type { RealtimeEvent } from '@barkeep/realtime';

type Listener = (event: RealtimeEvent) => void;

/** The last write of our own that was answered while the subscriptions had so many subscribers. */
interface Answered {
  version: number;
  readonly subscribers: number;
}

/** Counts whose answers are remembered; the oldest goes first. */
const MOST_SEQUENCES = 50_000;
const MOST_ANSWERS = 16;

/**
 * Keeps from a listener what was written before it came. The news of a write may arrive long after its
 * answer, so what is numbered up to a write of our own is for those who were there when it was answered.
 */
export class SubscriptionOrder {
  readonly #answered = new Map<string, Answered[]>();
  #subscribers = 0;
  /** Who hears what is told now: those who came up to here. */
  #reach = Number.POSITIVE_INFINITY;

  /** The listener as it is from now on. */
  admit(listener: Listener): Listener {
    this.#subscribers += 1;
    const place = this.#subscribers;
    return (event) => {
      if (event.type === 'lagged' || place <= this.#reach) listener(event);
    };
  }

  /** A write of our own was answered. */
  answered(sequence: string, version: number): void {
    const answers = this.#answersOf(sequence);
    const last = answers.at(-1);
    if (last?.subscribers === this.#subscribers) last.version = Math.max(last.version, version);
    else answers.push({ version, subscribers: this.#subscribers });
    if (answers.length > MOST_ANSWERS) answers.shift();
  }

  /** Tells of one version; those of a sequence are told in their order. */
  tell(sequence: string, version: number, work: () => void): void {
    const answers = this.#answered.get(sequence) ?? [];
    while (answers[0] !== undefined && answers[0].version < version) answers.shift();
    this.#reach = answers[0]?.subscribers ?? Number.POSITIVE_INFINITY;
    work();
    this.#reach = Number.POSITIVE_INFINITY;
  }

  #answersOf(sequence: string): Answered[] {
    const known = this.#answered.get(sequence);
    if (known !== undefined) return known;
    const answers: Answered[] = [];
    this.#answered.set(sequence, answers);
    if (this.#answered.size > MOST_SEQUENCES) {
      const [oldest] = this.#answered.keys();
      if (oldest !== undefined) this.#answered.delete(oldest);
    }
    return answers;
  }
}
