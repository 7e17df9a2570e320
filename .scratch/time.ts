import { runStorageConformance } from '../packages/conformance/src/storage/index.ts';
import { plantedStorageBugs } from '../packages/conformance/test/storage/planted-bugs/planted-storage-bugs.ts';
const out: [number, string][] = [];
for (const [i, bug] of plantedStorageBugs.entries()) {
  if (!bug.caughtBy.includes('model') ) continue;
  const t = performance.now();
  const r = await runStorageConformance({ ...bug.harness, model: { seed: Number(process.env.SEED ?? 7), shrinkMs: 0 } }, { only: [bug.caughtBy] });
  const path = /path: "([\d:]+)"/.exec(String(r.failed[0]?.error))?.[1];
  out.push([Math.round(performance.now() - t), `${r.failed.length ? '' : 'MISSED '}${bug.name} ${bug.caughtBy} ${path}`]);
}
out.sort((a, b) => b[0] - a[0]);
console.log(out.length, out.reduce((s, [t]) => s + t, 0), 'ms');
for (const [t, n] of out.slice(0, 25)) console.log(t, n);
for (const [t, n] of out) if (n.startsWith('MISSED')) console.log(t, n);
process.exit(0);
