/** In this folder because the address of the script is the same beside sources and in the build. */
export function startWebWorker(): Worker {
  // Bundlers recognise this very expression.
  return new Worker(new URL('./web-worker.js', import.meta.url), {
    type: 'module',
    name: 'barkeep-sqljs',
  });
}
