import type { CallOptions, JsonValue } from '@barkeep/core';

/** Small JSON documents by key: statistics, quality notes, settings of the storage itself. */
export interface IMetadataRepository {
  get(key: string, options?: CallOptions): Promise<JsonValue | undefined>;

  /** @throws BarkeepError `INVALID_INPUT` when the value is not plain JSON, or its text exceeds 1,048,576 characters. */
  set(key: string, value: JsonValue, options?: CallOptions): Promise<void>;

  /** Returns whether it was there. */
  delete(key: string, options?: CallOptions): Promise<boolean>;

  /** The keys that start with a prefix (default: all), in code unit order. */
  keys(prefix?: string, options?: CallOptions): Promise<string[]>;
}
