import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { sqliteHarnesses } from './conformance-harnesses.ts';

for (const harness of sqliteHarnesses) registerCacheConformance(harness);
