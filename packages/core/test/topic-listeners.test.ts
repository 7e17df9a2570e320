import { TopicListeners } from '@barkeep/core';
import { describe, expect, it, vi } from 'vitest';
import { Listener } from '../src/listener.ts';

describe('TopicListeners', () => {
  it('tells those of a topic, each once, until they leave', () => {
    const listeners = new TopicListeners<number>();
    const heard: string[] = [];
    const offA = listeners.add(['a', 'all', 'a'], (n) => heard.push(`a${n}`));
    listeners.add(['b'], (n) => heard.push(`b${n}`));
    listeners.add([], (n) => heard.push(`none${n}`));
    listeners.emit(['a', 'all'], 1);
    listeners.emit(['b', 'x'], 2);
    listeners.emitToAll(3);
    offA();
    offA();
    listeners.emit(['a', 'all'], 4);
    expect(heard).toEqual(['a1', 'b2', 'a3', 'b3', 'none3']);
    expect(listeners.size).toBe(2);
    expect([listeners.hasAny(['a', 'all']), listeners.hasAny(['a', 'b'])]).toEqual([false, true]);
    listeners.clear();
    listeners.emitToAll(5);
    listeners.emit(['b'], 5);
    expect([heard.length, listeners.size]).toEqual([5, 0]);
  });

  it('visits those of a topic only, of ten thousand', () => {
    const listeners = new TopicListeners<string>();
    const ends = Array.from({ length: 10_000 }, (_, i) =>
      listeners.add([`S${i}`], () => undefined),
    );
    const visits = vi.spyOn(Listener.prototype, 'tell');
    for (let i = 0; i < 100; i += 1) listeners.emit([`S${i}`, 'all'], 'event');
    expect(visits).toHaveBeenCalledTimes(100);
    for (const end of ends) end();
    listeners.emit(['S1'], 'event');
    expect(visits).toHaveBeenCalledTimes(100);
    visits.mockRestore();
  });

  it('does not tell one that another has just taken off, nor one that has just come', () => {
    const listeners = new TopicListeners<number>();
    const second = vi.fn();
    const late = vi.fn();
    listeners.add(['a'], () => {
      offSecond();
      listeners.add(['b'], late);
    });
    const offSecond = listeners.add(['b'], second);
    listeners.emit(['a', 'b'], 1);
    expect(second).not.toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
  });

  it('takes functions only', () => {
    expect(() => new TopicListeners().add([], null as never)).toThrow(TypeError);
  });
});
