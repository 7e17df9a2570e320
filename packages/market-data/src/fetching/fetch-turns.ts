import { BarkeepError, type Interval, type IntervalSet, normalizeIntervals } from '@barkeep/core';
import type { SeriesState } from '../series/series-state.ts';
import { FetchDemand } from './fetch-demand.ts';
import type { FetchOutcome } from './fetch-outcome.ts';
import { Flight } from './flight.ts';
import { TurnQueue } from './turn-queue.ts';

export interface FetchTurnsOptions {
  readonly maxPeriodsPerFetch: number;
  readonly maxConcurrentFetches: number;
  readonly maxWaitingFetches: number;
  /** Makes a request. Never rejects. */
  readonly request: (series: SeriesState, flight: Flight) => Promise<FetchOutcome>;
  /** What failed lately of a series, although the source answered. */
  readonly failedBefore: (series: SeriesState) => IntervalSet;
}

/** A series of which something is wanted. */
interface Lane {
  series: SeriesState;
  readonly flights: Set<Flight>;
  /** Demands that need another turn. */
  readonly waiting: TurnQueue<FetchDemand>;
}

/** No series may take more of the places to wait in. */
const SHARE_OF_A_SERIES = 0.5;

/**
 * Decides whose request is next. A bounded number runs at a time; series take turns, and so do the reads
 * of one series, so a short read waits for one request of a long one, never for all of them. A request is
 * cut only when its turn has come. No period is asked for twice at a time: those who want what is under
 * way wait for that.
 *
 * What the coordinator reads from the service itself, in order to answer a request, runs in the slot of
 * that request when no other is free, so slots never wait for slots.
 */
export class FetchTurns {
  readonly #options: FetchTurnsOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes in which somebody waits. */
  readonly #queue = new TurnQueue<Lane>();
  #running = 0;
  /** Reads that needed no request of their own, as others had made it. */
  #joined = 0;
  #waiting = 0;

  constructor(options: FetchTurnsOptions) {
    this.#options = options;
  }

  /** Requests under way, reads that wait for their turn, and reads that shared the request of another. */
  get statistics(): Record<'inFlight' | 'waiting' | 'joined', number> {
    let inFlight = 0;
    for (const { flights } of this.#lanes.values()) inFlight += flights.size;
    return { inFlight, waiting: this.#waiting, joined: this.#joined };
  }

  /** What is being fetched of a series, or waits for its turn. */
  intervals({ text }: SeriesState): Interval[] {
    const lane = this.#lanes.get(text);
    if (lane === undefined) return [];
    const { flights, waiting } = lane;
    return normalizeIntervals([
      ...[...flights].filter(({ signal }) => !signal.aborted).map(({ interval }) => interval),
      ...waiting.items().flatMap(({ remaining }) => remaining),
    ]);
  }

  /**
   * What came of each request, and of each stretch for which none was made. It rejects only when the
   * signal fires, and what nobody else waits for is given up then.
   * @param caller The flight whose coordinator wants it; `undefined`: somebody outside.
   */
  async fetch(
    series: SeriesState,
    wanted: IntervalSet,
    signal: AbortSignal | undefined,
    caller: Flight | undefined,
  ): Promise<FetchOutcome[]> {
    if (wanted.length === 0) return [];
    const parent = caller?.hasLanded === true ? undefined : caller;
    const lane = this.#laneOf(series);
    const equal = lane.waiting.items().find((one) => one.isFor(wanted, parent));
    if (equal !== undefined) this.#joined += 1;
    return (equal ?? this.#demand(lane, wanted, parent)).work.wait(signal);
  }

  /** Gives up every request under way. */
  giveUp(reason: unknown): void {
    for (const { flights } of this.#lanes.values()) {
      for (const flight of flights) flight.giveUp(reason);
    }
  }

  #laneOf(series: SeriesState): Lane {
    const known = this.#lanes.get(series.text);
    const lane: Lane = known ?? { series, flights: new Set(), waiting: new TurnQueue() };
    lane.series = series;
    this.#lanes.set(series.text, lane);
    return lane;
  }

  #demand(lane: Lane, wanted: IntervalSet, parent: Flight | undefined): FetchDemand {
    const { maxConcurrentFetches, maxWaitingFetches } = this.#options;
    const demand = new FetchDemand({
      series: lane.series.text,
      wanted,
      parent,
      maxRequests: maxConcurrentFetches + maxWaitingFetches,
      onChange: (changed) => this.#sort(lane, changed),
    });
    for (const flight of lane.flights) if (!flight.signal.aborted) demand.join(flight);
    if (!demand.isWaiting && !demand.isDone) this.#joined += 1;
    this.#sort(lane, demand);
    this.#go();
    if (parent !== undefined) {
      parent.nested.add(demand);
      void demand.work.outcome.then(() => parent.nested.delete(demand));
      this.#lend(parent);
    }
    if (demand.isWaiting && this.#isCrowded(lane)) demand.refuse(this.#overloaded());
    return demand;
  }

  /** Keeps a demand in its row for as long as it waits, and the lane for as long as it is of use. */
  #sort(lane: Lane, demand: FetchDemand): void {
    if (demand.isWaiting !== lane.waiting.has(demand)) {
      this.#waiting += demand.isWaiting ? 1 : -1;
      if (demand.isWaiting) lane.waiting.add(demand);
      else lane.waiting.delete(demand);
    }
    if (lane.waiting.size > 0) this.#queue.add(lane);
    else this.#queue.delete(lane);
    this.#forgetIdle(lane);
  }

  #forgetIdle({ series, flights, waiting }: Lane): void {
    if (flights.size + waiting.size === 0) this.#lanes.delete(series.text);
  }

  #go(): void {
    while (this.#running < this.#options.maxConcurrentFetches) {
      const lane = this.#queue.serve();
      const demand = lane?.waiting.serve();
      if (lane === undefined || demand === undefined) return;
      this.#launch(lane, demand, undefined);
    }
  }

  /** Lets one of the demands that a coordinator makes run in the slot of its own request. */
  #lend(flight: Flight): void {
    if (flight.hasLanded || flight.borrower !== undefined) return;
    const demand = [...flight.nested].find(({ isWaiting }) => isWaiting);
    const lane = demand === undefined ? undefined : this.#lanes.get(demand.series);
    if (demand !== undefined && lane !== undefined) this.#launch(lane, demand, flight);
  }

  #launch(lane: Lane, demand: FetchDemand, lender: Flight | undefined): void {
    const { maxPeriodsPerFetch, request, failedBefore } = this.#options;
    const { grid } = lane.series;
    const stretch = demand.nextStretch(maxPeriodsPerFetch, grid, failedBefore(lane.series));
    if (stretch === undefined) throw new TypeError('a demand that waits must want something');
    const flight = new Flight(stretch, lender);
    if (lender === undefined) this.#running += 1;
    else lender.borrower = flight;
    lane.flights.add(flight);
    for (const one of lane.waiting.items()) one.join(flight);
    if (!demand.countRequest() && demand.isWaiting) demand.refuse(this.#overloaded());
    void request(lane.series, flight).then((outcome) => this.#land(lane, flight, outcome));
  }

  #land(lane: Lane, flight: Flight, outcome: FetchOutcome): void {
    flight.hasLanded = true;
    lane.flights.delete(flight);
    this.#passOnSlot(flight);
    for (const demand of [...flight.demands]) demand.landed(flight, outcome);
    this.#forgetIdle(lane);
    this.#go();
    if (flight.lender !== undefined) this.#lend(flight.lender);
  }

  #passOnSlot({ lender, borrower }: Flight): void {
    if (borrower !== undefined) borrower.lender = lender;
    if (lender !== undefined) lender.borrower = borrower;
    else if (borrower === undefined) this.#running -= 1;
  }

  #isCrowded({ waiting }: Lane): boolean {
    const { maxWaitingFetches: most } = this.#options;
    return this.#waiting > most || waiting.size > Math.max(1, most * SHARE_OF_A_SERIES);
  }

  #overloaded(): BarkeepError {
    const { maxWaitingFetches: limit } = this.#options;
    return new BarkeepError('OVERLOADED', `more than ${limit} fetches would have to wait`, {
      details: { limit },
    });
  }
}
