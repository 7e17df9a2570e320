import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { memoryHarnesses } from './conformance-harnesses.ts';

for (const harness of memoryHarnesses) registerCacheConformance(harness);
