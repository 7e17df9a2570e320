import type { CacheSelector, CacheSetOptions, CacheValue, IDataCache } from '@barkeep/cache';
import fc, { type Arbitrary } from 'fast-check';
import { SYMBOL_GROUPS } from '../../sample-symbols.ts';
import { SAMPLE_VALUES } from '../sample-values.ts';

type Change = 'set' | 'setMany' | 'delete' | 'invalidate' | 'clear';
export type Method = Change | 'get' | 'getMany' | 'keys';
type CallOf<M extends Method> = {
  [Name in M]: readonly [method: Name, ...parameters: Parameters<IDataCache[Name]>];
}[M];

export type CacheChange = CallOf<Change>;
/** The model has the same methods. */
export type AnyCall = CallOf<Method>;

/** One step of a sequence, as plain data: a counterexample prints it. */
export type CacheCommand =
  | AnyCall
  | readonly [kind: 'at-once', ...CacheChange[]]
  /** What lies below fails, in a way that the harness knows, or the caller gives up. */
  | readonly [kind: 'failing', way: string, change: CacheChange]
  | readonly [kind: 'advance' | 'set-clock-back', ms: number]
  | readonly [kind: 'reopen' | 'switch-handle' | 'sweep'];

/** The way in which a change fails whose caller gives up. */
export const ABORT = 'abort';

const LONG = 'x'.repeat(1_023);

/** Each group holds keys, tags and prefixes that a careless cache would take for one another. */
export const NAME_GROUPS: readonly (readonly string[])[] = [
  ...Object.values(SYMBOL_GROUPS),
  ['a', 'a\u0000', 'a\u0000b', 'a\u0000c', '\u0000'],
  ['.', '..', '../a', 'a', 'a/b', 'a\\b', 'CON', 'nul.txt', 'NUL.txt'],
  ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'],
  [`${LONG}a`, `${LONG}b`, LONG, `b${LONG}`, '🚀'.repeat(512), `${'🚀'.repeat(511)}🚁`],
  ['a', 'b', ''].map((middle) => `${'x'.repeat(200)}${middle}${'x'.repeat(200)}`),
];

/** When sequences begin. */
export const START: number = Date.UTC(2026, 0, 1);
const TTLS = [Number.NEGATIVE_INFINITY, -1, 0, 1, 1_000, 60_000, 2 ** 31 + 1_000, 2 ** 53];
const INSTANTS = [0, START - 1, START + 60_000, Date.UTC(2030, 0), Number.POSITIVE_INFINITY];

const value: Arbitrary<CacheValue> = fc.oneof(
  fc.constantFrom(...Object.values(SAMPLE_VALUES)),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const life: Arbitrary<CacheSetOptions> = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...TTLS).map((ttlMs) => ({ ttlMs })),
  fc.constantFrom(...INSTANTS).map((expiresAt) => ({ expiresAt })),
);

/**
 * Every kind of name in every role, so that commands meet: keys, tags, and prefixes of both.
 *
 * @param ways In which changes fail.
 * @param extra What only some sequences have, because it takes long, or needs a capability.
 */
export function commandSequences(
  ways: readonly string[],
  extra: Arbitrary<CacheCommand>,
): Arbitrary<CacheCommand[]> {
  return fc.constantFrom(...NAME_GROUPS).chain((names) => {
    const key = fc.constantFrom(...names);
    const tags = fc.subarray(names.slice(0, 4));
    const prefix = fc.constantFrom(...prefixesOf(names));
    const options = fc.tuple(life, tags).map(([lasts, tags]) => ({ ...lasts, tags }));
    const entry = fc
      .tuple(key, value, options)
      .map(([key, value, more]) => ({ key, value, ...more }));
    const selector = fc.oneof<Arbitrary<CacheSelector>[]>(
      fc.record({ prefix }),
      fc.record({ tags }),
    );
    const change = fc.oneof(
      weighted<CacheChange>(4, 'set', key, value, options),
      weighted<CacheChange>(3, 'setMany', fc.array(entry, { maxLength: 5 })),
      weighted<CacheChange>(1, 'delete', key),
      weighted<CacheChange>(2, 'invalidate', selector),
      weighted<CacheChange>(1, 'clear'),
    );
    const command = fc.oneof(
      { weight: 9, arbitrary: change as Arbitrary<CacheCommand> },
      weighted<CacheCommand>(1, 'at-once', change, change, change),
      weighted<CacheCommand>(1, 'failing', fc.constantFrom(ABORT, ...ways), change),
      weighted<CacheCommand>(1, 'get', key),
      weighted<CacheCommand>(4, 'getMany', fc.array(key, { maxLength: 5 })),
      weighted<CacheCommand>(1, 'keys', prefix),
      weighted<CacheCommand>(1, 'sweep'),
      weighted<CacheCommand>(3, 'advance', fc.constantFrom(1, 999, 1_000, 59_000)),
      { weight: 6, arbitrary: extra },
    );
    return fc.array(command, { minLength: 1, maxLength: 20 });
  });
}

/** Beginnings of names, some of which end between the two parts of a character. */
export function prefixesOf(names: readonly string[]): string[] {
  const beginnings = names.flatMap((name) => [name, name.slice(0, 1), name.slice(0, -1)]);
  return [...new Set(['', 'none', ...beginnings])].filter((one) => one.isWellFormed());
}

/** `kind` and `parameters` are those of one of the commands. */
function weighted<Command extends CacheCommand>(
  weight: number,
  kind: Command[0],
  ...parameters: Arbitrary<unknown>[]
): { weight: number; arbitrary: Arbitrary<Command> } {
  const command = fc.tuple(fc.constant(kind), ...parameters);
  return { weight, arbitrary: command as unknown as Arbitrary<Command> };
}
