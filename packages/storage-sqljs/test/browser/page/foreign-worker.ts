/** A shared worker or a service worker that tries to open a database when it is sent a port. */
import { BarkeepError } from '@barkeep/core';
import { IndexedDbPersister, SqlJsStorage } from '@barkeep/storage-sqljs';

addEventListener('message', answer);
addEventListener('connect', (event) => {
  if (!(event instanceof MessageEvent)) return;
  for (const port of event.ports) port.onmessage = answer;
});

function answer({ ports: [port] }: MessageEvent): void {
  void open().then((text) => port?.postMessage(text));
}

async function open(): Promise<string> {
  const storage = new SqlJsStorage({ persister: new IndexedDbPersister('foreign') });
  try {
    await storage.open();
    await storage.close();
    return 'opened';
  } catch (error) {
    return BarkeepError.is(error) ? `${error.code}: ${error.message}` : String(error);
  }
}
