import { type CandleColumn, mapColumns, type SeriesKey, type SomeColumns } from '@barkeep/core';
import type {
  CheckedQuery,
  CompactionReport,
  FragmentationReport,
  IntegrityReport,
  LeaseRequest,
  QuarantineReport,
  RepairReport,
  SeriesFilter,
  VacuumReport,
} from '@barkeep/storage';
import { type PlantedStorageBug, plantBug, plantBugOutside } from './plant-bug.ts';
import { type ReferenceSeries, ReferenceStorage } from './reference-storage.ts';

const NO_VALUES = new Float64Array(0);

export const maintenanceBugs: readonly PlantedStorageBug[] = [
  plantBug(
    'loses a candle when it compacts',
    'model/commands',
    class extends ReferenceStorage {
      protected override fold(series: ReferenceSeries): void {
        super.fold(series);
        series.candles.delete(Math.min(...series.candles.keys()));
      }
    },
  ),
  plantBug(
    'compacts again and again',
    'maintenance/explain',
    class extends ReferenceStorage {
      protected override fold(): void {}
    },
  ),
  plantBug(
    'compacts when asked to explain',
    'model/commands',
    class extends ReferenceStorage {
      protected override _explain(filter: SeriesFilter): Promise<CompactionReport> {
        return this._compact(filter);
      }
    },
  ),
  plantBug(
    'explains nothing',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _explain(filter: SeriesFilter): Promise<CompactionReport> {
        const report = await super._explain(filter);
        return { ...report, rowsAfter: report.rowsBefore };
      }
    },
  ),
  plantBug(
    'compacts more than it was asked to',
    'model/commands',
    class extends ReferenceStorage {
      protected override _compact(): Promise<CompactionReport> {
        return super._compact({});
      }
    },
  ),
  plantBug(
    'tells of compactions as changes',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _compact(filter: SeriesFilter): Promise<CompactionReport> {
        this.publish({ type: 'lagged' });
        return super._compact(filter);
      }
    },
  ),
  plantBug(
    'loses what nobody asked to lose in a vacuum',
    'maintenance/space',
    class extends ReferenceStorage {
      protected override _vacuum(signal: AbortSignal | undefined): Promise<VacuumReport> {
        for (const series of this.data.series.values()) series.coverage = [];
        return super._vacuum(signal);
      }
    },
  ),
  plantBug(
    'reports a vacuum that freed nothing as one that did',
    'maintenance/space',
    class extends ReferenceStorage {
      protected override async _incrementalVacuum(pages: number): Promise<VacuumReport> {
        return { ...(await super._incrementalVacuum(pages)), freedBytes: 4_096 };
      }
    },
  ),
  plantBug(
    'leases to everybody',
    'maintenance/lease',
    class extends ReferenceStorage {
      protected override async _lease(): Promise<boolean> {
        return true;
      }
    },
  ),
  plantBug(
    'never lets go of a lease',
    'maintenance/lease',
    class extends ReferenceStorage {
      protected override _lease(request: LeaseRequest): Promise<boolean> {
        return super._lease({ ...request, forMs: request.forMs * 1_000 });
      }
    },
  ),
  plantBug(
    'counts free pages that are none',
    'maintenance/space',
    class extends ReferenceStorage {
      protected override async _fragmentation(tables: boolean): Promise<FragmentationReport> {
        return { ...(await super._fragmentation(tables)), freePages: 5 };
      }
    },
  ),
  plantBugOutside('counts no writes', 'maintenance/activity', ({ maintenance }) => {
    if (maintenance === undefined) return {};
    const activity: typeof maintenance.activity = async (options) => {
      const report = await maintenance.activity(options);
      return { ...report, series: report.series.map((one) => ({ ...one, writes: 0 })) };
    };
    return { maintenance: { ...maintenance, activity } };
  }),
  plantBugOutside('hides its maintenance', 'capabilities/maintenance', () => ({
    maintenance: undefined,
  })),
  plantBugOutside('ignores unknown filters of maintenance', 'maintenance/invalid', (storage) => {
    const { maintenance } = storage;
    if (maintenance === undefined) return {};
    const known = ({ symbol, timeframe }: SeriesFilter = {}) => ({ symbol, timeframe });
    return {
      maintenance: {
        ...maintenance,
        compact: (filter, options) => maintenance.compact(known(filter), options),
        explain: (filter, options) => maintenance.explain(known(filter), options),
      },
    };
  }),
  plantBug(
    'reads columns without a limit',
    'model/commands',
    class extends ReferenceStorage {
      protected override _readColumns<C extends CandleColumn>(
        query: CheckedQuery,
        columns: readonly C[],
      ): Promise<SomeColumns<C>> {
        return super._readColumns({ ...query, limit: Number.POSITIVE_INFINITY }, columns);
      }
    },
  ),
  plantBug(
    'hands out more columns than it was asked for',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _readColumns<C extends CandleColumn>(
        query: CheckedQuery,
        columns: readonly C[],
      ): Promise<SomeColumns<C>> {
        const { timestamp } = await this._read(query);
        return Object.assign({ timestamp }, await super._readColumns(query, columns));
      }
    },
  ),
  plantBug(
    'hands out one memory for all columns',
    'model/commands',
    class extends ReferenceStorage {
      protected override async _readColumns<C extends CandleColumn>(
        query: CheckedQuery,
        columns: readonly C[],
      ): Promise<SomeColumns<C>> {
        const answer = await super._readColumns(query, columns);
        return mapColumns(columns, () => Object.values<Float64Array>(answer)[0] ?? NO_VALUES);
      }
    },
  ),
  plantBugOutside('takes any name for a column', 'abort/calls', ({ candles }) => ({
    candles: {
      ...candles,
      readColumns: async (query, columns) => {
        const series = await candles.read(query);
        return mapColumns([columns].flat() as typeof columns, (name) => series[name] ?? NO_VALUES);
      },
    },
  })),
  plantBug(
    'forgets coverage when there is nothing to set apart',
    'integrity/sound',
    class extends ReferenceStorage {
      protected override async _quarantine(): Promise<QuarantineReport> {
        for (const series of this.data.series.values()) series.coverage = [];
        return { candles: 0, runs: [] };
      }
    },
  ),
  plantBug(
    'forgets coverage when there is nothing to repair',
    'integrity/sound',
    class extends ReferenceStorage {
      protected override async _repair(): Promise<RepairReport> {
        for (const series of this.data.series.values()) series.coverage = [];
        return { repairs: [], truncated: false, series: [], remaining: [] };
      }
    },
  ),
  plantBug(
    'repairs what is sound',
    'integrity/sound',
    class extends ReferenceStorage {
      protected override async _repair(): Promise<RepairReport> {
        const repairs = [{ kind: 'counter', message: 'counted anew' }] as const;
        return { repairs, truncated: false, series: [], remaining: [] };
      }
    },
  ),
  plantBug(
    'says that something remains where nothing was wrong',
    'integrity/sound',
    class extends ReferenceStorage {
      protected override async _repair(): Promise<RepairReport> {
        const remaining = [
          { kind: 'counter', repair: 'restore-backup', message: 'the count is wrong' },
        ] as const;
        return { repairs: [], truncated: false, series: [], remaining };
      }
    },
  ),
  plantBug(
    'takes what is written during a check for damage',
    'integrity/beside-writes',
    class extends ReferenceStorage {
      protected override async _checkIntegrity(key?: SeriesKey): Promise<IntegrityReport> {
        const before = await super._checkIntegrity(key);
        await new Promise((resolve) => setTimeout(resolve, 5));
        const after = await super._checkIntegrity(key);
        if (after.candles === before.candles) return after;
        const message = `there are ${after.candles} candles instead of ${before.candles}`;
        const problems = [{ kind: 'counter', repair: 'recount', message }] as const;
        return { ...after, ok: false, problems };
      }
    },
  ),
  plantBug(
    'checks all series when it is asked for one',
    'integrity/sound',
    class extends ReferenceStorage {
      protected override _checkIntegrity(): Promise<IntegrityReport> {
        return super._checkIntegrity();
      }
    },
  ),
];
