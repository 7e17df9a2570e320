import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import { MemoryRealtime } from '../src/index.ts';

registerRealtimeConformance({
  name: 'realtime-memory',
  create: async ({ clock }) =>
    new MemoryRealtime({ clock, maxSymbols: 150, maxTradesPerSymbol: 60, maxBookDepth: 40 }),
});
