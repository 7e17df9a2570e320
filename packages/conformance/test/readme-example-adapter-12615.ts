import { runStorageConformance } from '@barkeep/conformance/storage';
import { harnesses } from './my-harness.ts';

for (const harness of harnesses) {
  const { passed, failed, skipped } = await runStorageConformance(harness);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  for (const { error } of failed) console.error(error);
  for (const { key, reason } of skipped) console.info(`${key} was not run, because ${reason}`);
}
