import { runStorageConformance } from '../packages/conformance/src/storage/index.ts';
const [, , which, runs, ...only] = process.argv;
const mods: Record<string, string> = { reference: '../packages/conformance/test/storage/planted-bugs/planted-storage-bugs.ts', sqlite: '../packages/storage-sqlite/test/conformance-harnesses.ts', sqljs: '../packages/storage-sqljs/test/conformance-harnesses.ts', memory: '../packages/storage-memory/test/conformance-harnesses.ts' };
const [mod, nth] = which!.split(':');
const { harnesses } = await import(mods[mod!]!);
const list = nth === undefined ? harnesses : [harnesses[Number(nth)]];
for (const h of mod === 'reference' ? [harnesses[0]] : list) {
  const t = performance.now();
  const r = await runStorageConformance({ ...h, model: { runs: Number(runs ?? 200) } }, only.length ? { only } : {});
  console.log(h.name, r.passed.length, 'passed', r.failed.length, 'failed', r.skipped.length, 'skipped', Math.round(performance.now() - t), 'ms');
  for (const { error } of r.failed) console.log(String(error).slice(0, 1500));
}
process.exit(0);
