import type { CacheSelector, CacheValue, CacheWrite } from '@barkeep/cache';
import fc from 'fast-check';
import { SAMPLE_VALUES } from '../sample-values.ts';

/** A call that changes what is stored. */
export type CacheChange =
  | ({ readonly kind: 'set' } & CacheWrite)
  | { readonly kind: 'set-many'; readonly entries: readonly CacheWrite[] }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'invalidate'; readonly selector: CacheSelector }
  | { readonly kind: 'clear' };

/** One step of a sequence, as plain data: a counterexample prints it. */
export type CacheCommand =
  | CacheChange
  | { readonly kind: 'at-once'; readonly changes: readonly CacheChange[] }
  | { readonly kind: 'set-many-refused'; readonly entries: readonly CacheWrite[] }
  | { readonly kind: 'get'; readonly keys: readonly string[] }
  | { readonly kind: 'keys'; readonly prefix: string }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'advance'; readonly ms: number }
  | HandleCommand;

/** What only some sequences have, because it would take too long, or needs a capability. */
export type HandleCommand =
  | { readonly kind: 'set-clock-back'; readonly ms: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'switch-handle' };

const START = Date.UTC(2026, 0, 1);
const TTLS = [Number.NEGATIVE_INFINITY, -1, 0, 1, 1_000, 60_000, 2 ** 31 + 1_000, 2 ** 53];
const INSTANTS = [0, START - 1, START + 60_000, Date.UTC(2030, 0), Number.POSITIVE_INFINITY];

const value: fc.Arbitrary<CacheValue> = fc.oneof(
  fc.constantFrom(...Object.values(SAMPLE_VALUES)),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const life = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...TTLS).map((ttlMs) => ({ ttlMs })),
  fc.constantFrom(...INSTANTS).map((expiresAt) => ({ expiresAt })),
);

/** Every kind of name in every role, so that commands meet: keys, tags, and prefixes of both. */
export function commandSequences(
  names: readonly string[],
  extra: fc.Arbitrary<HandleCommand>,
): fc.Arbitrary<CacheCommand[]> {
  const key = fc.constantFrom(...names);
  const tags = fc.subarray(names.slice(0, 4));
  const prefix = fc.constantFrom(...prefixesOf(names));
  const entry = fc.record({ key, value, life, tags }).map(({ life: lasts, ...rest }) => ({
    ...rest,
    ...lasts,
  }));
  const entries = fc.array(entry, { maxLength: 5 });
  const selector: fc.Arbitrary<CacheSelector> = fc.oneof(
    fc.record({ prefix }),
    fc.record({ tags }),
  );
  const change: fc.Arbitrary<CacheChange> = fc.oneof(
    { weight: 4, arbitrary: entry.map((one) => ({ kind: 'set' as const, ...one })) },
    { weight: 3, arbitrary: kind('set-many', { entries }) },
    { weight: 1, arbitrary: kind('delete', { key }) },
    { weight: 2, arbitrary: kind('invalidate', { selector }) },
    { weight: 1, arbitrary: kind('clear', {}) },
  );
  const changes = fc.array(change, { minLength: 2, maxLength: 4 });
  const command: fc.Arbitrary<CacheCommand> = fc.oneof(
    { weight: 9, arbitrary: change },
    { weight: 1, arbitrary: kind('at-once', { changes }) },
    { weight: 1, arbitrary: kind('set-many-refused', { entries }) },
    { weight: 4, arbitrary: kind('get', { keys: fc.array(key, { maxLength: 5 }) }) },
    { weight: 1, arbitrary: kind('keys', { prefix }) },
    { weight: 1, arbitrary: kind('sweep', {}) },
    { weight: 3, arbitrary: kind('advance', { ms: fc.constantFrom(1, 999, 1_000, 59_000) }) },
    { weight: 6, arbitrary: extra },
  );
  return fc.array(command, { minLength: 1, maxLength: 20 });
}

/** Beginnings of names, some of which end between the two parts of a character. */
export function prefixesOf(names: readonly string[]): string[] {
  const beginnings = names.flatMap((name) => [name, name.slice(0, 1), name.slice(0, -1)]);
  return [...new Set(['', 'none', ...beginnings])].filter((one) => one.isWellFormed());
}

function kind<Kind extends string, Model>(
  name: Kind,
  model: { [K in keyof Model]: fc.Arbitrary<Model[K]> },
): fc.Arbitrary<{ kind: Kind } & Model> {
  return fc.record(model).map((rest) => ({ kind: name, ...rest }) as { kind: Kind } & Model);
}
