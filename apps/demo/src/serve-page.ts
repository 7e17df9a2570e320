import { type DashboardOptions, DashboardServer } from './server/dashboard-server.ts';
import { styled, type Terminal } from './terminal/terminal-style.ts';

/** Serves the page until the signal fires. */
export async function servePage(
  terminal: Terminal,
  options: DashboardOptions,
  signal: AbortSignal,
): Promise<void> {
  const server = await DashboardServer.start(options);
  try {
    const url = styled(terminal, 'bold', server.url);
    terminal.stream.write(`  Open ${url}   (Ctrl-C stops)\n`);
    await aborted(signal);
  } finally {
    await server.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
