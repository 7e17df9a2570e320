import { describe, expect, it } from 'vitest';
import { ChangeGate } from '../src/change-gate.ts';

/** A promise, and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

describe('a reading', () => {
  it('runs once while nothing changes, beside other readings', async () => {
    const it = new ChangeGate();
    let runs = 0;
    const read = () =>
      it.read(async () => {
        runs += 1;
        await turns();
        return runs;
      });
    expect(await Promise.all([read(), read()])).toEqual([2, 2]);
  });

  it('starts over when a change began, ended, or was noted meanwhile', async () => {
    const disturbances: ((it: ChangeGate) => unknown)[] = [
      (it) => it.change(() => turns(1)),
      (it) => it.change(() => Promise.reject(new Error('full'))).catch(() => {}),
      (it) => it.note(),
    ];
    for (const disturb of disturbances) {
      const it = new ChangeGate();
      let runs = 0;
      await it.read(async () => {
        runs += 1;
        if (runs === 1) disturb(it);
        await turns();
      });
      expect(runs).toBe(2);
    }
  });

  it('waits for the changes under way, and keeps the next ones out, when it never finds quiet', async () => {
    const it = new ChangeGate();
    let value = 0;
    let stop = false;
    /** Each begins before the one before it has ended. */
    const change = (): Promise<void> =>
      it.change(async () => {
        value += 1;
        await turns(3);
        if (!stop) void change();
        await turns(3);
        value += 1;
      });
    void change();
    const seen = await it.read(async () => {
      const before = value;
      await turns(50);
      return [before, value];
    });
    expect(seen[0]).toBe(seen[1]);
    const atEnd = value;
    await turns(50);
    expect(value).toBeGreaterThan(atEnd);
    stop = true;
  });

  it('fails as its work does, and lets changes go on', async () => {
    const it = new ChangeGate();
    const first = gate();
    const change = it.change(() => first.opened);
    const reading = it.read(() => Promise.reject(new Error('unreadable')));
    const next = it.change(() => Promise.resolve('done'));
    first.open();
    await expect(reading).rejects.toThrow('unreadable');
    await expect(next).resolves.toBe('done');
    await change;
  });
});

describe('changes', () => {
  it('run side by side', async () => {
    const it = new ChangeGate();
    const [one, other] = [gate(), gate()];
    const first = it.change(() => one.opened);
    const second = it.change(() => other.opened.then(one.open));
    other.open();
    await Promise.all([first, second]);
  });

  it('and readings take turns in the order of their arrival', async () => {
    const it = new ChangeGate();
    const order: string[] = [];
    const first = gate();
    const calls = [
      it.change(() => first.opened),
      it.read(async () => order.push('reading 1')),
      it.read(async () => order.push('reading 2')),
      it.change(async () => order.push('change 1')),
      it.read(async () => order.push('reading 3')),
      it.change(async () => order.push('change 2')),
    ];
    first.open();
    await Promise.all(calls);
    expect(order).toEqual(['reading 1', 'reading 2', 'change 1', 'reading 3', 'change 2']);
  });
});
