import type { Interval } from '@barkeep/core';
import type { ChangeEvent } from '@barkeep/storage';
import { assertEqual, assertTrue } from '../../assertions.ts';
import { isEqual } from '../../is-equal.ts';
import { EVER, type ModelPeriods } from './model-periods.ts';
import { joinSpans, type ModelSeries, type Span } from './storage-model.ts';

/** What a command is about, beside the candles and the coverage that it changes. */
export interface Touch {
  readonly series: number;
  readonly announced?: Span;
  /** What it removes, however little is there. */
  readonly removed?: Span;
  /** What it writes, by period. */
  readonly candles?: ReadonlyMap<number, unknown>;
}

/** What a command did to one series. */
export interface Effect {
  /** The periods whose candles changed, and the stretch they lie in. */
  readonly changed: readonly number[];
  readonly candles: Span | undefined;
  /** Where coverage changed. */
  readonly coverage: Span | undefined;
  readonly announced: Span | undefined;
  /** How far it may have reached: revisions beyond it are as they were. */
  readonly reach: Span | undefined;
  /** Whether it was about coverage: an event is no mistake then. */
  readonly covers: boolean;
}

export function effectOf(
  before: ModelSeries,
  after: ModelSeries,
  touches: readonly Touch[],
): Effect {
  const changed = [...new Set([...before.candles.keys(), ...after.candles.keys()])].filter(
    (at) => !isEqual(before.candles.get(at), after.candles.get(at)),
  );
  const bounds = [...before.ledger, ...after.ledger].flatMap(({ from, to }) => [from, to]);
  const edges = [...new Set(bounds)].sort((a, b) => a - b);
  let coverage: Span | undefined;
  for (const [i, from] of edges.entries()) {
    if (sourceAt(before, from) === sourceAt(after, from)) continue;
    coverage = joinSpans(coverage, { from, to: edges[i + 1] ?? from });
  }
  const candles =
    changed.length === 0 ? undefined : { from: Math.min(...changed), to: Math.max(...changed) + 1 };
  // Of several changes one may undo another: both are told of, and bring revisions.
  const written =
    touches.length < 2 ? [] : touches.flatMap((one) => [...(one.candles?.keys() ?? [])]);
  const isChanged = candles !== undefined || written.length > 0;
  const steps = [
    ...touches.map(({ removed, announced }) => announced ?? (isChanged ? removed : undefined)),
    ...written.map((at) => ({ from: at, to: at + 1 })),
  ];
  return {
    changed,
    candles,
    coverage,
    reach: steps.reduce(joinSpans, candles),
    announced: touches[0]?.announced,
    covers: touches.length > 0,
  };
}

function sourceAt({ ledger }: ModelSeries, at: number): string | undefined {
  return ledger.find(({ from, to }) => from <= at && at < to)?.source;
}

/** Every change is heard of before the call resolves, and nothing else is. */
export function assertEvents(
  all: readonly ChangeEvent[],
  effects: readonly Effect[],
  world: ModelPeriods,
  what: string,
): void {
  for (const [series, { candles, coverage, announced, reach, covers }] of effects.entries()) {
    const events = all.filter((event) => 'key' in event && isEqual(event.key, world.key(series)));
    for (const [type, changed] of [
      ['candles', joinSpans(candles, announced)],
      ['coverage', joinSpans(coverage, announced)],
    ] as const) {
      const heard = events.flatMap((event): Interval[] =>
        event.type === type ? [event.interval] : [],
      );
      const who = `${what}: the events about ${type} of ${world.name(series)}`;
      if (changed === undefined) {
        const mayBe = type === 'candles' ? reach !== undefined : covers;
        if (!mayBe) assertEqual(heard, [], who);
        continue;
      }
      const { from, to } = world.time(series, changed);
      const first = Math.min(...heard.map((one) => one.from));
      const last = Math.max(...heard.map((one) => one.to));
      // What somebody announces is passed on as it is; a change may seem larger than it was.
      const isWide = announced === undefined || announced.from === EVER.from;
      const isExact = isWide || (first === from && last === to);
      const isRight = first <= from && to <= last && isExact;
      assertTrue(isRight, `${who} reach from ${from} to ${to}, not ${first} to ${last}`);
    }
  }
  const isOfNone = (event: ChangeEvent): boolean =>
    !('key' in event) || !world.keys.some((key) => isEqual(key, event.key));
  assertEqual(all.filter(isOfNone), [], `${what}: events about anything else`);
}
