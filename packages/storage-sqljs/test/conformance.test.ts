import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { harnesses } from './conformance-harnesses.ts';

for (const harness of harnesses) registerStorageConformance(harness);
