/** A value or a promise of it: the return type of methods that may be synchronous. */
export type Awaitable<T> = T | Promise<T>;
