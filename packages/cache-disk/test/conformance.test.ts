import { registerCacheConformance } from '@barkeep/conformance/cache/vitest';
import { harnesses } from './conformance-harnesses.ts';

for (const harness of harnesses) registerCacheConformance(harness);
