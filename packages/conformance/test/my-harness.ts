import { join } from 'node:path';
import type { StorageHarness } from '@barkeep/conformance/storage';
import { MyStorage } from './my-storage.ts';

export const harnesses: readonly StorageHarness[] = [
  {
    name: 'my-storage',
    module: import.meta.url,
    create: ({ directory, clock }) => new MyStorage({ path: join(directory, 'data'), clock }),
  },
];
