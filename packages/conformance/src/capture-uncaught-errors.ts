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
  if (process !== undefined) return listenInNode(process, onError);
  return listenInBrowser(globalThis as unknown as BrowserWindow, onError);
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

function listenInBrowser(window: BrowserWindow, onError: (error: unknown) => void): () => void {
  const listener = (event: BrowserErrorEvent): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    onError(event.error);
  };
  window.addEventListener('error', listener, true);
  return () => window.removeEventListener('error', listener, true);
}

// Described here, because whoever compiles these sources has the types of one platform only.

interface NodeProcess {
  listeners(event: string): ((error: unknown) => void)[];
  removeAllListeners(event: string): void;
  on(event: string, listener: (error: unknown) => void): void;
}

interface BrowserErrorEvent {
  readonly error: unknown;
  preventDefault(): void;
  stopImmediatePropagation(): void;
}

interface BrowserWindow {
  addEventListener(
    type: 'error',
    listener: (event: BrowserErrorEvent) => void,
    capture: true,
  ): void;
  removeEventListener(
    type: 'error',
    listener: (event: BrowserErrorEvent) => void,
    capture: true,
  ): void;
}
