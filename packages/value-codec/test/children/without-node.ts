/** A round trip without the globals that browsers lack. */
const { log } = console;
Reflect.deleteProperty(globalThis, 'Buffer');
Reflect.deleteProperty(globalThis, 'process');
const { decodeValue, encodeValue } = await import('@barkeep/value-codec');
const { sampleSeries } = await import('../arbitrary-value.ts');
const { plain } = await import('../plain.ts');

const text = '비트코인 \ud800 '.repeat(9);
const value = { series: sampleSeries(300), id: -(2n ** 90n), bytes: Uint8Array.of(1, 2), text };
const decoded = decodeValue(encodeValue(value));
const show = (one: unknown): string => {
  return JSON.stringify(plain(one), (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
};
log(show(decoded) === show(value) && typeof Reflect.get(globalThis, 'Buffer'));
