import { SYMBOL_GROUPS } from '../storage/sample-symbols.ts';

const LONG = 'x'.repeat(1_023);

/** Each group holds keys, tags and prefixes that a careless cache would take for one another. */
export const NAME_GROUPS: Readonly<Record<string, readonly string[]>> = {
  ...SYMBOL_GROUPS,
  zeros: ['a', 'a\u0000', 'a\u0000b', 'a\u0000c', '\u0000'],
  files: ['.', '..', '../a', 'a', 'a/b', 'a\\b', 'CON', 'nul.txt', 'NUL.txt'],
  inherited: ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'],
  longest: [`${LONG}a`, `${LONG}b`, LONG, `b${LONG}`, '🚀'.repeat(512), `${'🚀'.repeat(511)}🚁`],
  middles: ['a', 'b', ''].map((middle) => `${'x'.repeat(200)}${middle}${'x'.repeat(200)}`),
};
