/**
 * Frees at once what nobody uses any more.
 * @throws Error unless Node runs with `--expose-gc`.
 */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) {
    throw new Error('the benchmarks need node --expose-gc; run them with pnpm bench');
  }
  globalThis.gc();
}
