import { vi } from 'vitest';

const { waitFor } = vi;

/** A busy machine takes longer than the second that Vitest waits by default. */
vi.waitFor = (callback, options = {}) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: 30_000, ...options });
