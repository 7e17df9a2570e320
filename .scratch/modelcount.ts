import { runStorageConformance, storageSuite } from '../packages/conformance/src/storage/index.ts';
import { plantedStorageBugs } from '../packages/conformance/test/storage/planted-bugs/planted-storage-bugs.ts';
const keys = storageSuite.scenarios.map((s) => s.key).filter((k) => k.startsWith('storage/model/'));
let n = 0; const missed: string[] = [];
for (const bug of plantedStorageBugs) {
  let c = false;
  for (const key of keys) { if (c) break; try { const r = await runStorageConformance({ ...bug.harness, model: { seed: 11, shrinkMs: 0 } }, { only: [key] }); c = r.failed.length > 0; } catch { c = true; } }
  if (c) n++; else missed.push(bug.name);
}
console.log(n, 'of', plantedStorageBugs.length); console.log(missed.join('; '));
process.exit(0);
