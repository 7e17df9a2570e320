import type { ArchivePort } from './archive-port.ts';

/** A call of the port that a decision waits for. */
export type ArchiveRequest = {
  readonly [M in keyof ArchivePort]: {
    readonly method: M;
    readonly parameters: Parameters<ArchivePort[M]>;
  };
}[keyof ArchivePort];

/** Yields what it needs of the port, and goes on with the answer. `decide` or `decideAsync` drives it. */
export type Decision<T> = Generator<ArchiveRequest, T, unknown>;

type Answer<M extends keyof ArchivePort> = Awaited<ReturnType<ArchivePort[M]>>;

/** A port that answers at once. */
export type SyncArchivePort = {
  readonly [M in keyof ArchivePort]: (...parameters: Parameters<ArchivePort[M]>) => Answer<M>;
};

/** Asks the port from within a decision. */
export function* ask<M extends keyof ArchivePort>(
  method: M,
  ...parameters: Parameters<ArchivePort[M]>
): Decision<Answer<M>> {
  // The method and its parameters belong together, and so does the answer: TypeScript cannot follow.
  return (yield { method, parameters } as ArchiveRequest) as Answer<M>;
}

/** Runs a decision on a port that answers at once. */
export function decide<T>(decision: Decision<T>, port: Partial<SyncArchivePort>): T {
  let step = decision.next();
  while (step.done !== true) step = decision.next(answer(port, step.value));
  return step.value;
}

/** Runs a decision on a port of promises, which needs only the methods that the decision calls. */
export async function decideAsync<T>(
  decision: Decision<T>,
  port: Partial<ArchivePort>,
): Promise<T> {
  let step = decision.next();
  while (step.done !== true) step = decision.next(await answer(port, step.value));
  return step.value;
}

function answer(port: Partial<ArchivePort>, { method, parameters }: ArchiveRequest): unknown {
  const call = port[method];
  if (call === undefined) throw new TypeError(`the port has no ${method}`);
  return Reflect.apply(call, port, parameters);
}
