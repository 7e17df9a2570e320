import type { IMarketDataStorage } from '@barkeep/storage';
import { assertDefined, assertEqual, assertTrue } from '../../assertions.ts';
import type { Effect } from './model-effects.ts';
import type { ModelPeriods } from './model-periods.ts';
import type { ModelRange } from './storage-command.ts';
import type { Span } from './storage-model.ts';

/** A change this many periods away from a range leaves its revision as it is, unless it is a long one. */
const FAR = 2_048;
const LONG = 4_096;

/** Ranges whose revisions are looked at after each command. */
export const WATCHED: readonly ModelRange[] = [
  { from: 20, to: 21 },
  {},
  { from: 5, to: 9, fromOff: true, toOff: true },
  { from: 0, to: 31 },
];

/** What has become of a watched range: candles that come back are of another age, too. */
interface Watched {
  readonly span: Span;
  revision: string | undefined;
  age: number;
  readonly ageOf: Map<string, number>;
}

/** The revisions of some ranges of every series, and how they go with the candles. */
export class WatchedRevisions {
  readonly #world: ModelPeriods;
  readonly #watched: readonly (readonly Watched[])[];

  constructor(world: ModelPeriods) {
    this.#world = world;
    this.#watched = world.keys.map(() =>
      WATCHED.map((range) => ({
        span: world.span(range),
        revision: undefined,
        age: 0,
        ageOf: new Map(),
      })),
    );
  }

  /** Equal revisions exactly when the candles have not changed, as far as a change is not close by. */
  async check(
    { candles }: IMarketDataStorage,
    effects: readonly Effect[],
    what: string,
  ): Promise<void> {
    const snapshots = await candles.snapshots(
      this.#world.keys.map((key, series) => ({
        ...key,
        ranges: WATCHED.map((range) => this.#world.bounds(series, range)),
      })),
    );
    for (const [series, { changed, reach }] of effects.entries()) {
      for (const [j, watched] of (this.#watched[series] ?? []).entries()) {
        const { span, ageOf } = watched;
        const revision = assertDefined(
          snapshots[series]?.ranges[j]?.revision,
          `${what}: a revision`,
        );
        const who = `${what}: the revision of range ${j} of ${this.#world.name(series)}`;
        assertTrue(
          /^[0-9A-Za-z.:_-]{1,128}$/.test(revision),
          `${who} is a short text, not ${revision}`,
        );
        if (changed.some((at) => span.from <= at && at < span.to)) watched.age += 1;
        const age = ageOf.get(revision) ?? watched.age;
        assertTrue(
          age === watched.age,
          `${who} is new, for its candles are; it is ${revision} again`,
        );
        ageOf.set(revision, age);
        const isClose =
          reach !== undefined &&
          (reach.to - reach.from > LONG ||
            (reach.from < span.to + FAR && span.from < reach.to + FAR));
        if (!isClose && watched.revision !== undefined) {
          assertEqual(revision, watched.revision, `${who}, where no candle has changed close by`);
        }
        watched.revision = revision;
      }
    }
  }

  /** What an announcement is of has another revision, although it has the same candles. */
  renew(series: number, span: Span): void {
    for (const watched of this.#watched[series] ?? []) {
      if (span.from < watched.span.to && watched.span.from < span.to) watched.age += 1;
    }
  }

  /** For revisions that only compare with those of one handle. */
  forget(): void {
    for (const watched of this.#watched.flat()) {
      watched.revision = undefined;
      watched.ageOf.clear();
    }
  }
}
