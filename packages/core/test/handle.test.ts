import { getEventListeners } from 'node:events';
import { type CallOptions, Handle, type HandleState, untilAborted } from '@barkeep/core';
import { describe, expect, it } from 'vitest';

/** A handle whose opening, closing and work end when the test says so. */
class Gate extends Handle {
  readonly log: string[] = [];
  readonly opening = Promise.withResolvers<void>();
  readonly closing = Promise.withResolvers<void>();

  constructor() {
    super('gate');
  }

  work<T>(promise: Promise<T>): Promise<T> {
    return this.use(() => promise);
  }

  /** Work that closes the handle it runs in, without awaiting that. */
  workThatCloses(): Promise<Promise<void>[]> {
    return this.use(async () => [this.close()]);
  }

  protected override _open(): Promise<void> {
    this.log.push('open');
    return this.opening.promise;
  }

  protected override _close(): Promise<void> {
    this.log.push('close');
    return this.closing.promise;
  }
}

async function opened(): Promise<Gate> {
  const gate = new Gate();
  gate.opening.resolve();
  await gate.open();
  return gate;
}

function turn(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}

function notOpen(state: HandleState) {
  return {
    code: 'NOT_OPEN',
    details: { name: 'gate', state },
    message: expect.stringContaining(state),
  };
}

describe('opening a handle', () => {
  it('goes from idle over opening to open', async () => {
    const gate = new Gate();
    expect(gate.state).toBe('idle');
    const opening = gate.open();
    expect(gate.state).toBe('opening');
    gate.opening.resolve();
    await opening;
    expect(gate.state).toBe('open');
  });

  it('happens once, whoever asks and however often', async () => {
    const gate = new Gate();
    const calls = [gate.open(), gate.open()];
    gate.opening.resolve();
    await Promise.all(calls);
    await gate.open();
    expect(gate.log).toEqual(['open']);
  });

  it('fails for everyone alike, and leaves the handle closed without closing it', async () => {
    const gate = new Gate();
    const failure = new Error('no such file');
    const calls = [gate.open(), gate.open()];
    gate.opening.reject(failure);
    const failed = { code: 'INTERNAL', cause: failure };
    for (const call of calls) await expect(call).rejects.toMatchObject(failed);
    expect(gate.state).toBe('closed');
    await expect(gate.open()).rejects.toMatchObject(failed);
    await gate.close();
    await expect(gate.open()).rejects.toMatchObject(notOpen('closed'));
    expect(gate.log).toEqual(['open']);
  });

  it('may be given up by one caller while another waits on', async () => {
    const gate = new Gate();
    const controller = new AbortController();
    const impatient = gate.open({ signal: controller.signal });
    const patient = gate.open();
    controller.abort('enough');
    await expect(impatient).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    gate.opening.resolve();
    await patient;
    expect(gate.state).toBe('open');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('does not begin with a signal that has fired', async () => {
    const gate = new Gate();
    await expect(gate.open({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect([gate.state, gate.log]).toEqual(['idle', []]);
  });
});

describe('closing a handle', () => {
  it('goes from open over closing to closed, once', async () => {
    const gate = await opened();
    const calls = [gate.close(), gate.close()];
    await turn();
    expect(gate.state).toBe('closing');
    gate.closing.resolve();
    await Promise.all(calls);
    await gate.close();
    await gate[Symbol.asyncDispose]();
    expect([gate.state, gate.log]).toEqual(['closed', ['open', 'close']]);
  });

  it('needs no opening before, and prevents one after', async () => {
    const gate = new Gate();
    await gate.close();
    expect([gate.state, gate.log]).toEqual(['closed', []]);
    await expect(gate.open()).rejects.toMatchObject(notOpen('closed'));
    await expect(gate.open({ signal: AbortSignal.abort() })).rejects.toMatchObject(
      notOpen('closed'),
    );
  });

  it('while it opens lets that finish and then releases everything, without being open between', async () => {
    const gate = new Gate();
    const opening = gate.open();
    const closing = gate.close();
    await turn();
    expect(gate.log).toEqual(['open']);
    gate.opening.resolve();
    await opening;
    await expect(gate.work(Promise.resolve())).rejects.toMatchObject(notOpen('closing'));
    await expect(gate.open()).rejects.toMatchObject(notOpen('closing'));
    gate.closing.resolve();
    await closing;
    expect([gate.state, gate.log]).toEqual(['closed', ['open', 'close']]);
  });

  it('while an opening fails ends quietly', async () => {
    const gate = new Gate();
    const opening = gate.open();
    const closing = gate.close();
    gate.opening.reject(new Error('no such file'));
    await expect(opening).rejects.toThrow('no such file');
    await closing;
    expect([gate.state, gate.log]).toEqual(['closed', ['open']]);
  });

  it('waits for the work under way, and lets none begin', async () => {
    const gate = await opened();
    gate.closing.resolve();
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    const works = [gate.work(first.promise), gate.work(second.promise)];
    const closing = gate.close();
    await turn();
    await expect(gate.work(Promise.resolve())).rejects.toMatchObject(notOpen('closing'));
    first.reject(new Error('failed'));
    await expect(works[0]).rejects.toThrow('failed');
    await turn();
    expect(gate.log).toEqual(['open']);
    second.resolve('done');
    await expect(works[1]).resolves.toBe('done');
    await closing;
    expect(gate.log).toEqual(['open', 'close']);
  });

  it('waits for a single call as well', async () => {
    const gate = await opened();
    gate.closing.resolve();
    const work = Promise.withResolvers<void>();
    const running = gate.work(work.promise);
    const closing = gate.close();
    await turn();
    expect(gate.log).toEqual(['open']);
    work.resolve();
    await Promise.all([running, closing]);
    expect(gate.log).toEqual(['open', 'close']);
  });

  it('may be called by the work that it waits for', async () => {
    const gate = await opened();
    gate.closing.resolve();
    await Promise.all(await gate.workThatCloses());
    expect(gate.state).toBe('closed');
  });

  it('that fails tells everyone, and the handle is closed all the same', async () => {
    const gate = await opened();
    gate.closing.reject(new Error('cannot flush'));
    await expect(gate.close()).rejects.toThrow('cannot flush');
    await expect(gate.close()).rejects.toThrow('cannot flush');
    expect([gate.state, gate.log]).toEqual(['closed', ['open', 'close']]);
  });

  it('comes by itself at the end of an `await using` block', async () => {
    const gate = await opened();
    gate.closing.resolve();
    {
      await using held = gate;
      expect(held.state).toBe('open');
    }
    expect(gate.state).toBe('closed');
  });
});

describe('using a handle', () => {
  it('is refused unless it is open, with the state and what to do', async () => {
    const gate = new Gate();
    const work = () => gate.work(Promise.resolve('done'));
    await expect(work()).rejects.toMatchObject({
      ...notOpen('idle'),
      message: 'gate is idle: await open() first',
    });
    const opening = gate.open();
    await expect(work()).rejects.toMatchObject(notOpen('opening'));
    gate.opening.resolve();
    await opening;
    await expect(work()).resolves.toBe('done');
    gate.closing.resolve();
    await gate.close();
    await expect(work()).rejects.toMatchObject({
      ...notOpen('closed'),
      message: 'gate is closed: make a new one',
    });
  });
});

describe('untilAborted', () => {
  it('passes on the outcome when nobody aborts, and leaves no listener behind', async () => {
    const { signal }: Required<CallOptions> = new AbortController();
    if (signal === undefined) return expect.unreachable();
    const failure = new Error('failed');
    for (let i = 0; i < 20; i += 1) {
      await expect(untilAborted(Promise.resolve(i), signal)).resolves.toBe(i);
      await expect(untilAborted(Promise.reject(failure), signal)).rejects.toBe(failure);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is the very promise when there is no signal', () => {
    const work = Promise.resolve(5);
    expect(untilAborted(work, undefined)).toBe(work);
  });

  it('rejects with ABORTED when the signal fires first, and takes care of a later failure', async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<void>();
    const waiting = untilAborted(work.promise, controller.signal);
    controller.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    work.reject(new Error('nobody hears this, and no unhandled rejection ends the run'));
    await turn();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('rejects with ABORTED when the signal has fired before', async () => {
    await expect(untilAborted(Promise.resolve(1), AbortSignal.abort())).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});
