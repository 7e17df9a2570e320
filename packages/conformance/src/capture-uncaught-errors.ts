/**
 * Runs work that is expected to raise errors nobody catches, and returns those errors instead of
 * letting them end the process. Works in Node and in browsers.
 */
export async function captureUncaughtErrors(work: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const release = listen((error) => errors.push(error));
  try {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    release();
  }
  return errors;
}

function listen(onError: (error: unknown) => void): () => void {
  const { process } = globalThis as { readonly process?: NodeProcess };
  return process === undefined ? listenInBrowser(onError) : listenInNode(process, onError);
}

/** Test runners listen too and would fail the run, so their listeners step aside. */
function listenInNode(process: NodeProcess, onError: (error: unknown) => void): () => void {
  const event = 'uncaughtException';
  const others = process.listeners(event);
  process.removeAllListeners(event);
  process.on(event, onError);
  return () => {
    process.removeAllListeners(event);
    for (const other of others) process.on(event, other);
  };
}

function listenInBrowser(onError: (error: unknown) => void): () => void {
  const listener = (event: ErrorEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    onError(event.error);
  };
  globalThis.addEventListener('error', listener, { capture: true });
  return () => globalThis.removeEventListener('error', listener, { capture: true });
}

interface NodeProcess {
  listeners(event: string): ((error: unknown) => void)[];
  removeAllListeners(event: string): void;
  on(event: string, listener: (error: unknown) => void): void;
}
