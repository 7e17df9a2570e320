import { monotonicTime, type Unsubscribe } from '@barkeep/core';
import type { StorageStatistics } from '@barkeep/storage';
import type { StandingAlert } from './contract/alert.ts';
import type { HealthOptions, HealthReport } from './contract/health-report.ts';
import type { GrowthStatistics } from './contract/market-data-statistics.ts';
import { withinTime } from './fetching/within-time.ts';
import { AlertChecks } from './monitoring/alert-checks.ts';
import { checkHealth, type HealthParts } from './monitoring/health-checks.ts';
import { LogWriter } from './monitoring/log-writer.ts';
import type { Observation } from './monitoring/observation.ts';
import { publishNotice } from './monitoring/service-channels.ts';
import { ServiceLog } from './monitoring/service-log.ts';
import { StorageGrowth } from './monitoring/storage-growth.ts';
import type { ServiceFigures } from './service-figures.ts';
import type { ServiceOptions, ServiceParts } from './service-parts.ts';

/** A storage that does not give its figures within this time is judged without them. */
const OBSERVING_MS = 5_000;

/** Watches over a service: alerts, the growth of its storage, its log, its health. */
export class ServiceMonitor {
  readonly #options: ServiceOptions;
  readonly #parts: ServiceParts;
  readonly #figures: ServiceFigures;
  readonly #closing: AbortSignal;
  readonly #growth: StorageGrowth;
  readonly #alerts: AlertChecks | undefined;
  readonly #log: ServiceLog | undefined;
  readonly #ends: Unsubscribe[] = [];

  constructor(
    options: ServiceOptions,
    parts: ServiceParts,
    figures: ServiceFigures,
    closing: AbortSignal,
  ) {
    const { monitoring, clock } = options;
    const { alerts, logger, storageLimitBytes } = monitoring;
    this.#options = options;
    this.#parts = parts;
    this.#figures = figures;
    this.#closing = closing;
    this.#growth = new StorageGrowth(storageLimitBytes);
    this.#log = logger && new ServiceLog(new LogWriter(logger, clock));
    this.#alerts =
      alerts &&
      new AlertChecks({
        settings: alerts,
        clock,
        baseline: () => this.#observation(undefined),
        observe: () => this.#observe(),
        onAlert: (event) => parts.notices.emit(event),
      });
  }

  get alerts(): readonly StandingAlert[] {
    return this.#alerts?.standing ?? [];
  }

  start(): void {
    const { notices, fetcher } = this.#parts;
    this.#ends.push(notices.add(publishNotice));
    const log = this.#log;
    if (log !== undefined) {
      this.#ends.push(
        notices.add((notice) => log.notice(notice)),
        monotonicTime(this.#options.clock).onJump((jump) => log.clockJumped(jump)),
        fetcher?.onBreakerChange((change) => log.breakerChanged(change)) ?? (() => {}),
      );
    }
    this.#alerts?.start();
  }

  /** Nothing is checked from now on; what fails while the service closes is still told. */
  stop(): void {
    this.#alerts?.stop();
  }

  close(): void {
    this.stop();
    for (const end of this.#ends.splice(0)) end();
  }

  /** Maintenance takes its time; it records how long. */
  slow(operation: string, elapsedMs: number): void {
    if (operation.startsWith('maintenance.')) return;
    this.#log?.slow(operation, elapsedMs);
  }

  /** Takes a sample of the storage's size, where it is known. */
  grownTo(storage: StorageStatistics | undefined): GrowthStatistics | undefined {
    return storage && this.#growth.add(storage.size, monotonicTime(this.#options.clock).now());
  }

  health(state: HealthParts['state'], options: HealthOptions): Promise<HealthReport> {
    const { router, coordinator } = this.#figures.of();
    const parts = { ...this.#options, state, router, coordinator, alerts: this.alerts };
    return checkHealth(parts, options);
  }

  async #observe(): Promise<Observation> {
    const { storage, clock } = this.#options;
    const ask = (signal: AbortSignal): Promise<StorageStatistics> => storage.stats({ signal });
    const asked = withinTime(ask, OBSERVING_MS, monotonicTime(clock), this.#closing);
    return this.#observation(await asked.catch(() => undefined));
  }

  #observation(storage: StorageStatistics | undefined): Observation {
    const { clock, calendar } = this.#options;
    const growth = this.grownTo(storage);
    return { ...this.#figures.of(), storage, growth, at: clock.now(), calendar };
  }
}
