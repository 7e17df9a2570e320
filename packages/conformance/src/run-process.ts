/** What an `OtherProcess` runs: it makes a subject by its harness, and does as it is told. */
import { BarkeepError, ManualClock } from '@barkeep/core';
import type {
  ConformanceHarness,
  ConformanceSubject,
  HarnessContext,
} from './conformance-harness.ts';
import type { ProcessCall, ProcessError, ProcessTask } from './other-process.ts';
import { thisProcess } from './platform.ts';

interface Work {
  readonly subject: ConformanceSubject;
  /** Makes the next write end this process. */
  crash(name: string): unknown;
}

let work: Promise<Work> | undefined;

thisProcess().on('message', (message: ProcessTask | ProcessCall) => {
  if ('module' in message) {
    work = create(message);
    // A call reports it.
    work.catch(() => undefined);
  } else void answer(message);
});

async function create({ module, name, id, directory, now }: ProcessTask): Promise<Work> {
  const { harnesses } = (await import(module)) as {
    readonly harnesses?: readonly ConformanceHarness<ConformanceSubject>[];
  };
  const harness = harnesses?.find((one) => one.name === name);
  if (harness === undefined) throw new TypeError(`${module} exports no harness ${name}`);
  const clock = new ManualClock(now);
  const context: HarnessContext = { clock, id, directory, onCleanup: () => undefined };
  const subject = await harness.create(context);
  return { subject, crash: (way) => harness.crashes?.[way]?.(subject, context) };
}

async function answer({ call, path, parameters, listens }: ProcessCall): Promise<void> {
  const { send } = thisProcess();
  const reply = (message: object): void => send.call(thisProcess(), { call, ...message });
  try {
    const working = await work;
    // A driver or a persister is not opened.
    const isOpen = working !== undefined && !('open' in working.subject);
    if (path === 'open' && isOpen) return reply({ value: undefined });
    const names = path === 'crash' ? [path] : ['subject', ...path.split('.')];
    const method = names.pop() ?? '';
    const owner = names.reduce<unknown>((part, name) => Reflect.get(Object(part), name), working);
    const listener = (event: unknown): void => send.call(thisProcess(), { event: plain(event) });
    const all = listens ? [...parameters, listener] : parameters;
    const value = await Reflect.apply(Reflect.get(Object(owner), method), owner, all);
    reply({ value: listens ? undefined : plain(value) });
  } catch (error) {
    reply({ error: describe(error) });
  }
}

function describe(error: unknown): ProcessError {
  if (!BarkeepError.is(error)) return { message: String(error) };
  const { message, code, details } = error;
  return { message, code, details: plain(details) as ProcessError['details'] & object };
}

/** The same in objects that can be sent: a series becomes a list. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if ('toArray' in value && typeof value.toArray === 'function') return value.toArray();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
