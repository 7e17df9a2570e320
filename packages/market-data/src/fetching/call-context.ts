/** What is known of whoever calls, across everything it awaits. */
interface AsyncContext<T> {
  run<R>(value: T, work: () => R): R;
  getStore(): T | undefined;
}

/**
 * Finds out which piece of work a call comes from: by the signal that the work was given and has passed
 * on and, where the platform follows asynchronous calls (Node, Deno, Bun), without it, too.
 */
export class CallContext<T extends object> {
  readonly #bySignal = new WeakMap<AbortSignal, T>();
  readonly #context: AsyncContext<T> | undefined = asyncContext();

  /** Runs what belongs to `owner`; `signal` is the one it was given. */
  run<R>(owner: T, signal: AbortSignal, work: () => R): R {
    this.#bySignal.set(signal, owner);
    return this.#context === undefined ? work() : this.#context.run(owner, work);
  }

  /** Whose work the present call is part of; `undefined` when it comes from outside. */
  ownerOf(signal: AbortSignal | undefined): T | undefined {
    const known = signal === undefined ? undefined : this.#bySignal.get(signal);
    return known ?? this.#context?.getStore();
  }
}

/** Asked for at run time: an import would not resolve in browsers. */
function asyncContext<T>(): AsyncContext<T> | undefined {
  const { process } = globalThis as { readonly process?: unknown };
  if (!hasMethod(process, 'getBuiltinModule')) return undefined;
  const hooks = process.getBuiltinModule('node:async_hooks');
  if (!hasMethod(hooks, 'AsyncLocalStorage')) return undefined;
  const { AsyncLocalStorage } = hooks as unknown as {
    AsyncLocalStorage: new () => AsyncContext<T>;
  };
  return new AsyncLocalStorage();
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is { readonly [name in Name]: (...args: unknown[]) => unknown } {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  );
}
