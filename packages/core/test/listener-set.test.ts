import { ListenerSet } from '@barkeep/core';
import { describe, expect, it, vi } from 'vitest';

describe('ListenerSet', () => {
  it('tells every listener, in the order they came, until they leave', () => {
    const set = new ListenerSet<number>();
    const heard: string[] = [];
    const offA = set.add((n) => heard.push(`a${n}`));
    set.add((n) => heard.push(`b${n}`));
    set.emit(1);
    offA();
    offA();
    set.emit(2);
    expect(heard).toEqual(['a1', 'b1', 'b2']);
    expect(set.size).toBe(1);
    set.clear();
    set.emit(3);
    expect([heard.length, set.size]).toEqual([3, 0]);
  });

  it('takes one function twice, as two listeners', () => {
    const set = new ListenerSet<number>();
    const listener = vi.fn();
    const off = set.add(listener);
    set.add(listener);
    set.emit(1);
    off();
    set.emit(2);
    expect(listener.mock.calls).toEqual([[1], [1], [2]]);
  });

  it('does not tell one that another has just taken off, nor one that has just come', () => {
    const set = new ListenerSet<number>();
    const second = vi.fn();
    const late = vi.fn();
    set.add(() => {
      offSecond();
      set.add(late);
    });
    const offSecond = set.add(second);
    set.emit(1);
    expect(second).not.toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
  });

  it('tells the others when one throws, and leaves the error to the process', async () => {
    const set = new ListenerSet<number>();
    const failure = new Error('listener');
    const uncaught = Promise.withResolvers<unknown>();
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', uncaught.resolve);
    try {
      const listener = vi.fn();
      set.add(() => {
        throw failure;
      });
      set.add(listener);
      set.emit(1);
      expect(listener).toHaveBeenCalledWith(1);
      expect(await uncaught.promise).toBe(failure);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
  });

  it('takes functions only', () => {
    expect(() => new ListenerSet().add(null as never)).toThrow(TypeError);
  });
});
