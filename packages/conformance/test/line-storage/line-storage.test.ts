import { registerStorageConformance } from '@barkeep/conformance/storage/vitest';
import { harnesses } from './harnesses.ts';

for (const harness of harnesses) registerStorageConformance(harness);
