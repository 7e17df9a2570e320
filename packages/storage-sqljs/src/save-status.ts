import type { BarkeepError, EpochMs } from '@barkeep/core';

/** How the saves of a `SqlJsStorage` stand. */
export interface SaveStatus {
  /** Whether there is a change that no save includes yet: it would be lost with the process or page. */
  readonly hasUnsavedChanges: boolean;
  /** When the last save succeeded; `undefined` before the first. */
  readonly lastSavedAt: EpochMs | undefined;
  /** The last save that failed, and when; stays after a later one has succeeded. */
  readonly lastError: { readonly at: EpochMs; readonly error: BarkeepError } | undefined;
}
