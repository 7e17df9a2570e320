/** A value, or the promise of one: what a method may return that is sometimes synchronous. */
export type Awaitable<T> = T | Promise<T>;
