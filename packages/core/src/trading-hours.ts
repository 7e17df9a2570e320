/** A daily period in which a market trades, on certain days of the week. */
export interface TradingSession {
  /** Days of the week: 1 is Monday, 7 is Sunday, as in ISO 8601. */
  readonly days: readonly number[];
  /** Opening time in local time, such as `09:00`. */
  readonly opens: string;
  /**
   * Closing time in local time, later than `opens`. `24:00` is the end of the day. Split an
   * overnight session into two.
   */
  readonly closes: string;
}

/** When a market is open, in its local time. */
export interface TradingHours {
  /** IANA time zone, such as `Asia/Seoul`. */
  readonly timeZone: string;
  readonly sessions: readonly TradingSession[];
  /** Holidays: local dates without trading, such as `2026-12-25`. Default: none. */
  readonly closedOn?: readonly string[] | undefined;
}
