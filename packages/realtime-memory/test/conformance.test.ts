import { registerRealtimeConformance } from '@barkeep/conformance/realtime/vitest';
import { harnesses } from './conformance-harnesses.ts';

for (const harness of harnesses) registerRealtimeConformance(harness);
