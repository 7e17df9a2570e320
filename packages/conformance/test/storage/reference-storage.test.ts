import { testStorageConformance } from '@barkeep/conformance/storage/vitest';
import { referenceHarness } from '../../src/storage/planted-bugs/plant-bug.ts';

testStorageConformance(referenceHarness());
