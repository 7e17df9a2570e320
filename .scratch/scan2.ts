import { appendFileSync } from 'node:fs';
import { runStorageConformance } from '../packages/conformance/src/storage/index.ts';
import { plantedStorageBugs } from '../packages/conformance/test/storage/planted-bugs/planted-storage-bugs.ts';
const [, , runs, keys, ...names] = process.argv;
for (const bug of plantedStorageBugs) {
  if (names.length && !names.includes(bug.name)) continue;
  const r = await runStorageConformance({ ...bug.harness, model: { runs: Number(runs), seed: Number(process.env.SEED ?? 1) } }, keys === 'all' ? {} : { only: keys!.split(',') });
  console.log(bug.name, '|', r.failed.map((f) => f.key).join(' '), '|', r.failed.length ? String(r.failed[0]!.error).slice(0, 200).replaceAll('\n', ' / ') : '');
}
process.exit(0);
