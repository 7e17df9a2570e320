import type { RealtimeHarness } from '@barkeep/conformance/realtime';
import { MemoryRealtime } from '../src/index.ts';

/** Small bounds that every run comes to, and those of most users. */
export const harnesses: readonly RealtimeHarness[] = [
  {
    name: 'realtime-memory',
    model: { runs: 60 },
    create: ({ clock }) =>
      new MemoryRealtime({ clock, maxSymbols: 150, maxTradesPerSymbol: 60, maxBookDepth: 40 }),
  },
  {
    name: 'realtime-memory, default bounds',
    model: { runs: 20 },
    create: ({ clock }) => new MemoryRealtime({ clock }),
  },
];
