import type { CallOptions, JsonValue } from '@barkeep/core';

/**
 * Small JSON documents by key, for statistics, data quality notes and the storage's own settings.
 */
export interface IMetadataRepository {
  /** Returns the document, or `undefined` if there is none. */
  get(key: string, options?: CallOptions): Promise<JsonValue | undefined>;

  /**
   * Creates or replaces a document.
   * @throws BarkeepError `INVALID_INPUT` if the value is not plain JSON, or its text is longer than
   * 1,048,576 characters.
   */
  set(key: string, value: JsonValue, options?: CallOptions): Promise<void>;

  /** Deletes a document. Returns whether it existed. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /** Lists the keys with a prefix (default: all), in code unit order. */
  keys(prefix?: string, options?: CallOptions): Promise<string[]>;
}
