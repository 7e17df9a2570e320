import type { EpochMs, Interval, JsonValue, SeriesKey } from '@barkeep/core';
import { seriesKeyText } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { RecordedError } from '../contract/series-report.ts';
import { seriesDocumentKey } from './series-document.ts';

/** What is worth knowing of a series after a restart, besides candles and coverage. */
export interface SeriesNotes {
  readonly historyStart?: EpochMs | undefined;
  readonly lastError?: RecordedError | undefined;
}

const PREFIX = 'series/';

/** Keeps the notes of each series as a document in the storage's metadata. */
export class SeriesNotesStore {
  readonly #storage: IMarketDataStorage;
  /** The last write under way of each document: one at a time, in order. */
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(storage: IMarketDataStorage) {
    this.#storage = storage;
  }

  async read(key: SeriesKey): Promise<SeriesNotes> {
    return parseNotes(await this.#storage.metadata.get(await seriesDocumentKey(PREFIX, key)));
  }

  write(key: SeriesKey, notes: SeriesNotes): Promise<void> {
    return this.#inTurn(key, async (document) => {
      await this.#storage.metadata.set(document, toJson(notes));
    });
  }

  /** Where history begins has to be told anew. */
  forgetHistoryStart(key: SeriesKey): Promise<void> {
    return this.#inTurn(key, async (document) => {
      const { historyStart, ...rest } = parseNotes(await this.#storage.metadata.get(document));
      if (historyStart !== undefined) await this.#storage.metadata.set(document, toJson(rest));
    });
  }

  async #inTurn(key: SeriesKey, work: (document: string) => Promise<void>): Promise<void> {
    const text = seriesKeyText(key);
    const begin = async (): Promise<void> => work(await seriesDocumentKey(PREFIX, key));
    const writing = this.#writes.get(text)?.then(begin, begin) ?? begin();
    this.#writes.set(text, writing);
    try {
      await writing;
    } finally {
      if (this.#writes.get(text) === writing) this.#writes.delete(text);
    }
  }
}

function toJson({ historyStart, lastError }: SeriesNotes): JsonValue {
  return {
    ...(historyStart === undefined ? {} : { historyStart }),
    ...(lastError === undefined
      ? {}
      : { lastError: { ...lastError, interval: { ...lastError.interval } } }),
  };
}

/** Documents are read as leniently as they are old: a part that is not understood is left out. */
function parseNotes(document: JsonValue | undefined): SeriesNotes {
  if (!isRecord<SeriesNotes>(document)) return {};
  const { historyStart, lastError } = document;
  return {
    ...(typeof historyStart === 'number' ? { historyStart } : {}),
    ...(isRecordedError(lastError) ? { lastError } : {}),
  };
}

function isRecordedError(value: unknown): value is RecordedError {
  if (!isRecord<RecordedError>(value)) return false;
  const { at, code, message, interval } = value;
  return (
    typeof at === 'number' &&
    typeof code === 'string' &&
    typeof message === 'string' &&
    isRecord<Interval>(interval) &&
    typeof interval.from === 'number' &&
    typeof interval.to === 'number'
  );
}

/** Whether a value has named parts, of which nothing is known yet. */
function isRecord<Shape>(value: unknown): value is { readonly [name in keyof Shape]?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
