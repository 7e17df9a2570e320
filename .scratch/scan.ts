import { appendFileSync, readFileSync, existsSync } from 'node:fs';
import { runStorageConformance, storageSuite } from '../packages/conformance/src/storage/index.ts';
import { plantedStorageBugs } from '../packages/conformance/test/storage/planted-bugs/planted-storage-bugs.ts';
const out = process.argv[2]!; const runs = Number(process.argv[3] ?? 400);
const part = Number(process.argv[4] ?? 0), parts = Number(process.argv[5] ?? 1);
const done = existsSync(out) ? new Set(readFileSync(out,'utf8').split('\n').filter(Boolean).map((l)=>JSON.parse(l).name)) : new Set();
const keys = storageSuite.scenarios.map((s) => s.key);
const model = keys.filter((k) => k.startsWith('storage/model/'));
for (const [i, bug] of plantedStorageBugs.entries()) {
  if (i % parts !== part || done.has(bug.name)) continue;
  const t = Date.now(); const caught: string[] = []; let message = '';
  const h = { ...bug.harness, model: { runs } };
  for (const key of model) {
    try {
      const { failed } = await runStorageConformance(h, { only: [key] });
      if (failed.length) { caught.push(key); message ||= String(failed[0]!.error).slice(0,150); if (process.argv[6] !== 'all') break; }
    } catch (e) { caught.push(`threw ${e}`.slice(0, 200)); break; }
  }
  if (caught.length === 0 || process.argv[6] === 'all') for (const key of keys.filter((k) => !model.includes(k))) {
    const { failed } = await runStorageConformance(h, { only: [key] });
    if (failed.length) { caught.push(key); message ||= String(failed[0]!.error).slice(0,150); }
  }
  appendFileSync(out, JSON.stringify({ name: bug.name, was: bug.caughtBy, caught, ms: Date.now()-t, message })+'\n');
}
process.exit(0);
