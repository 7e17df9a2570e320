import { CandleSeries, nextTurn, type SeriesKey, timeframeGrid } from '@barkeep/core';
import {
  type CheckedSnapshotRequest,
  EVER,
  type SeriesSnapshot,
  type SnapshotPart,
  wantsCandles,
} from '@barkeep/storage';
import { type PlantedStorageBug, plantBug } from './plant-bug.ts';
import { type ReferenceOptions, ReferenceStorage } from './reference-storage.ts';

/** Takes snapshots in steps of its own, which the bugs change or put pauses between. */
class OwnSnapshots extends ReferenceStorage {
  protected override async _snapshots(
    requests: readonly CheckedSnapshotRequest[],
  ): Promise<SeriesSnapshot[]> {
    const snapshots: SeriesSnapshot[] = [];
    for (const request of requests) snapshots.push(await this.snapshot(request));
    return snapshots;
  }

  /** In one step, and so of one state. */
  protected async snapshot({ key, ranges }: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
    return {
      key,
      extent: this.extentOf(key),
      coverage: this.ledgerOf(key),
      ranges: ranges.map((range) => this.part(key, range)),
    };
  }

  protected extentOf(key: SeriesKey): SeriesSnapshot['extent'] {
    const { count, first, last } = this.describe(this.seriesOf(key));
    if (count === 0) return undefined;
    return { from: first, to: timeframeGrid(key.timeframe).shift(last) };
  }

  protected ledgerOf(key: SeriesKey): SeriesSnapshot['coverage'] {
    return structuredClone(this.seriesOf(key).coverage);
  }

  protected part(key: SeriesKey, range: CheckedSnapshotRequest['ranges'][number]): SnapshotPart {
    const revision = this.revisionOf(key, range);
    const candles = wantsCandles(range, revision)
      ? CandleSeries.from(key, this.select({ key, ...range }))
      : undefined;
    return { revision, candles };
  }
}

/** The same of data that several handles have open. */
class SharedSnapshots extends OwnSnapshots {
  constructor(options: ReferenceOptions) {
    super(options, { sharing: 'multi-process' });
  }
}

export const snapshotBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'composes a snapshot of two reads',
    'model/commands',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const { extent, coverage } = await super.snapshot({ ...request, ranges: [] });
        await nextTurn();
        return { ...(await super.snapshot(request)), extent, coverage };
      }
    },
  ),
  plantBug(
    'reads coverage before the rest of a snapshot',
    'model/commands',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const coverage = this.ledgerOf(request.key);
        await nextTurn();
        return { ...(await super.snapshot(request)), coverage };
      }
    },
  ),
  plantBug(
    'reads coverage after the rest of a snapshot',
    'model/commands',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const snapshot = await super.snapshot(request);
        await nextTurn();
        return { ...snapshot, coverage: this.ledgerOf(request.key) };
      }
    },
  ),
  plantBug(
    'has the extent of another state in its snapshots',
    'isolation/writes',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const snapshot = await super.snapshot(request);
        await nextTurn();
        return { ...snapshot, extent: this.extentOf(request.key) };
      }
    },
  ),
  plantBug(
    'has the revision of another state in its snapshots',
    'isolation/writes',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const snapshot = await super.snapshot(request);
        await nextTurn();
        const ranges = snapshot.ranges.map((part, i) => ({
          ...part,
          revision: this.revisionOf(request.key, request.ranges[i] ?? EVER),
        }));
        return { ...snapshot, ranges };
      }
    },
  ),
  plantBug(
    'takes long snapshots in pieces',
    'isolation/long',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const snapshot = await super.snapshot(request);
        const candles = snapshot.ranges[0]?.candles;
        if (candles === undefined || candles.length < 8_000) return snapshot;
        await nextTurn();
        const rest = (await super.snapshot(request)).ranges[0]?.candles ?? candles;
        const pieces = [candles.slice(0, 4_000), rest.slice(4_000)];
        const joined = CandleSeries.concat(request.key, pieces);
        const ranges = snapshot.ranges.map((part) => ({ ...part, candles: joined }));
        return { ...snapshot, ranges };
      }
    },
  ),
  plantBug(
    'sees rows and segments of different states while it compacts',
    'isolation/compaction',
    class extends OwnSnapshots {
      protected override async _compact(...[filter]: Parameters<ReferenceStorage['_compact']>) {
        const hidden: (() => void)[] = [];
        for (const { candles } of this.data.series.values()) {
          const all = [...candles];
          candles.clear();
          hidden.push(() => {
            for (const [at, candle] of all) candles.set(at, candle);
          });
        }
        for (let i = 0; i < 3; i += 1) await nextTurn();
        for (const restore of hidden) restore();
        return super._compact(filter);
      }
    },
  ),
  plantBug(
    'remembers what its own handle saw of a series',
    'model/commands',
    class extends SharedSnapshots {
      readonly #seen = new Map<string, SeriesSnapshot>();

      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const name = JSON.stringify(request);
        const seen = this.#seen.get(name) ?? (await super.snapshot(request));
        this.#seen.set(name, seen);
        return seen;
      }
    },
  ),
  plantBug(
    'is quiet when only its own handle is',
    'isolation/writes',
    class extends SharedSnapshots {
      #writes = 0;

      protected override async _write(...[batches]: Parameters<ReferenceStorage['_write']>) {
        this.#writes += 1;
        return super._write(batches);
      }

      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        for (;;) {
          const writes = this.#writes;
          const { extent, coverage } = await super.snapshot({ ...request, ranges: [] });
          await nextTurn();
          const { ranges } = await super.snapshot(request);
          if (this.#writes === writes) return { key: request.key, extent, coverage, ranges };
        }
      }
    },
  ),
  plantBug(
    'ends the extent where the last candle starts',
    'model/commands',
    class extends OwnSnapshots {
      protected override extentOf(key: SeriesKey): SeriesSnapshot['extent'] {
        const { count, first, last } = this.describe(this.seriesOf(key));
        return count === 0 ? undefined : { from: first, to: last + 1 };
      }
    },
  ),
  plantBug(
    'has only the coverage of the ranges',
    'model/commands',
    class extends OwnSnapshots {
      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const snapshot = await super.snapshot(request);
        const [range = EVER] = request.ranges;
        const coverage = snapshot.coverage.filter(
          ({ from, to }) => from < range.to && range.from < to,
        );
        return { ...snapshot, coverage };
      }
    },
  ),
  plantBug(
    'has no snapshot of a series that is not stored',
    'model/commands',
    class extends OwnSnapshots {
      protected override async _snapshots(requests: readonly CheckedSnapshotRequest[]) {
        const snapshots = await super._snapshots(requests);
        return snapshots.filter(
          ({ extent, coverage }) => extent !== undefined || coverage.length > 0,
        );
      }
    },
  ),
  plantBug(
    'ignores the limit of a range',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        return super.part(key, { ...range, limit: Number.POSITIVE_INFINITY });
      }
    },
  ),
  plantBug(
    'sends candles that nobody asked for',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        return super.part(key, { ...range, candles: 'always' });
      }
    },
  ),
  plantBug(
    'sends candles that the caller has',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        const candles = range.candles === 'never' ? 'never' : 'always';
        return super.part(key, { ...range, candles });
      }
    },
  ),
  plantBug(
    'keeps candles from a caller that has any revision',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        const candles = range.candles === 'always' ? 'always' : 'never';
        return super.part(key, { ...range, candles });
      }
    },
  ),
  plantBug(
    'gives the revision of the candles that a limit leaves',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        const part = super.part(key, range);
        const left = this.select({ key, ...range });
        const [first, last] = [left[0], left.at(-1)];
        if (first === undefined || last === undefined) return part;
        const within = { from: first.timestamp, to: last.timestamp + 1 };
        return { ...part, revision: this.revisionOf(key, within) };
      }
    },
  ),
  plantBug(
    'has revisions of its own in snapshots',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        const part = super.part(key, range);
        return { ...part, revision: `snapshot-${part.revision}` };
      }
    },
  ),
  plantBug(
    'counts candles for a revision of a snapshot',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        const { candles } = this.seriesOf(key);
        return { ...super.part(key, range), revision: `${candles.size}` };
      }
    },
  ),
  plantBug(
    'makes a revision up for each snapshot',
    'model/commands',
    class extends OwnSnapshots {
      protected override part(...[key, range]: Parameters<OwnSnapshots['part']>): SnapshotPart {
        return { ...super.part(key, range), revision: crypto.randomUUID() };
      }
    },
  ),
  plantBug(
    'answers the first 256 requests',
    'sizes/many-series',
    class extends OwnSnapshots {
      protected override _snapshots(requests: readonly CheckedSnapshotRequest[]) {
        return super._snapshots(requests.slice(0, 256));
      }
    },
  ),
  plantBug(
    'answers ranges in the order of time',
    'model/commands',
    class extends OwnSnapshots {
      protected override snapshot({
        key,
        ranges,
      }: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        return super.snapshot({ key, ranges: ranges.toSorted((a, b) => a.from - b.from) });
      }
    },
  ),
  plantBug(
    'hands out its own ledger in snapshots',
    'input/answers-apart',
    class extends OwnSnapshots {
      protected override ledgerOf(key: SeriesKey): SeriesSnapshot['coverage'] {
        return this.seriesOf(key).coverage;
      }
    },
  ),
  plantBug(
    'takes a moment before a snapshot shows a write',
    'model/commands',
    class extends OwnSnapshots {
      readonly #before = new Map<string, SeriesSnapshot>();

      protected override async snapshot(request: CheckedSnapshotRequest): Promise<SeriesSnapshot> {
        const now = await super.snapshot(request);
        const name = this.nameOf(request.key);
        const before = this.#before.get(name) ?? now;
        this.#before.set(name, now);
        return before;
      }
    },
  ),
];
