import { seriesKeyText } from '@barkeep/core';
import type { IMarketDataStorage } from '@barkeep/storage';
import type { SeriesNotebook } from './series-notebook.ts';
import type { SeriesState } from './series-state.ts';

/** A reading under way, and the number of the last change before it began. */
interface LearningFlight {
  readonly done: Promise<void>;
  readonly stamp: number;
}

/** Up to this many series are looked up one by one; for more, all that are stored are listed. */
const MAX_SINGLE_LOOKUPS = 8;

/** Reads from the storage how far series reach and what is covered, where a change made it doubtful. */
export class SeriesLearner {
  readonly #storage: IMarketDataStorage;
  readonly #notebook: SeriesNotebook;
  readonly #flights = new Map<SeriesState, LearningFlight>();

  constructor(storage: IMarketDataStorage, notebook: SeriesNotebook) {
    this.#storage = storage;
    this.#notebook = notebook;
  }

  /** Resolves when all of it is known; `undefined` when it is already. */
  learn(series: readonly SeriesState[]): Promise<unknown> | undefined {
    const doubtful = new Set(series.filter((one) => !one.isKnown));
    if (doubtful.size === 0) return undefined;
    const flights: Promise<void>[] = [];
    const unsought: SeriesState[] = [];
    for (const one of doubtful) {
      const flight = this.#flights.get(one);
      if (flight !== undefined && flight.stamp >= one.doubtedAt) flights.push(flight.done);
      else unsought.push(one);
    }
    return Promise.all([...flights, this.#launch(unsought)]);
  }

  async #launch(series: readonly SeriesState[]): Promise<void> {
    const [first] = series;
    if (first === undefined) return;
    const flight = { done: this.#read(series), stamp: first.stamp };
    for (const one of series) this.#flights.set(one, flight);
    try {
      await flight.done;
    } finally {
      for (const one of series) if (this.#flights.get(one) === flight) this.#flights.delete(one);
    }
  }

  async #read(series: readonly SeriesState[]): Promise<void> {
    await Promise.all([
      this.#readExtents(series.filter((one) => !one.extentIsFresh)),
      ...series.filter((one) => !one.ledgerIsFresh).map((one) => this.#readLedger(one)),
      ...series.filter((one) => one.notes === undefined).map((one) => this.#readNotes(one)),
    ]);
  }

  async #readExtents(series: readonly SeriesState[]): Promise<void> {
    if (series.length > MAX_SINGLE_LOOKUPS) return this.#listExtents(series);
    await Promise.all(series.map((one) => this.#readExtent(one)));
  }

  async #readExtent(series: SeriesState): Promise<void> {
    const { key, stamp } = series;
    const [info] = await this.#storage.candles.list(key);
    series.learnExtent(info, stamp);
  }

  async #listExtents(series: readonly SeriesState[]): Promise<void> {
    const stamps = series.map(({ stamp }) => stamp);
    const listed = await this.#storage.candles.list();
    const byText = new Map(listed.map((info) => [seriesKeyText(info), info]));
    for (const [i, one] of series.entries()) one.learnExtent(byText.get(one.text), stamps[i] ?? 0);
  }

  async #readLedger(series: SeriesState): Promise<void> {
    const { key, stamp } = series;
    series.learnLedger(await this.#storage.coverage.of(key), stamp);
  }

  async #readNotes(series: SeriesState): Promise<void> {
    series.notes ??= await this.#notebook.read(series.key);
  }
}
