/** A stretch of the day in which a market trades, on certain days of the week. */
export interface TradingSession {
  /** 1 is Monday, 7 is Sunday, as in ISO 8601. */
  readonly days: readonly number[];
  /** Local time, such as `09:00`. */
  readonly opens: string;
  /** Local time, later than `opens`; `24:00` is the end of the day. A night takes two sessions. */
  readonly closes: string;
}

/** When a market trades, by its own clock. */
export interface TradingHours {
  /** A time zone of the IANA database, such as `Asia/Seoul`. */
  readonly timeZone: string;
  readonly sessions: readonly TradingSession[];
  /** Local dates without trading, such as `2026-12-25`. Default: none. */
  readonly closedOn?: readonly string[] | undefined;
}
