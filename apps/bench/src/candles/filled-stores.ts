import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CandleSeries } from '@barkeep/core';
import type { CandlePeer, CandleStore } from './candle-peer.ts';

/** Stores that hold the candles already, each written once and then shared by all cases that read. */
export class FilledStores {
  readonly #directory: string;
  readonly #series: CandleSeries;
  readonly #filled = new Map<CandlePeer, Promise<string>>();

  constructor(directory: string, series: CandleSeries) {
    this.#directory = directory;
    this.#series = series;
  }

  /** A fresh handle on a store that holds the candles: for reading only. */
  async open(peer: CandlePeer): Promise<CandleStore> {
    if (peer.durable) return peer.open(await this.directoryOf(peer));
    const store = await peer.open(this.#directory);
    await store.write([this.#series]);
    return store;
  }

  /** Copies what a durable peer has on disk, for a case that changes it. */
  async copy(peer: CandlePeer, directory: string): Promise<void> {
    await cp(await this.directoryOf(peer), directory, { recursive: true });
  }

  /** Where a durable peer has the candles. */
  directoryOf(peer: CandlePeer): Promise<string> {
    const known = this.#filled.get(peer);
    if (known !== undefined) return known;
    const filling = this.#fill(peer, join(this.#directory, String(this.#filled.size)));
    this.#filled.set(peer, filling);
    return filling;
  }

  async #fill(peer: CandlePeer, directory: string): Promise<string> {
    await mkdir(directory, { recursive: true });
    const store = await peer.open(directory);
    try {
      await store.write([this.#series]);
    } finally {
      await store.close();
    }
    return directory;
  }
}
