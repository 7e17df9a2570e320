import type { EpochMs } from './epoch-ms.ts';
import { invalidInput } from './invalid-input.ts';

const DAY_MS = 86_400_000;

/** The wall clock of one time zone, from the time zone data of the JavaScript engine. */
export class ZonedTime {
  readonly #format: Intl.DateTimeFormat;

  /** @throws BarkeepError `INVALID_INPUT` if the engine does not know the time zone. */
  constructor(timeZone: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        calendar: 'iso8601',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      const rule = 'must be a time zone of the IANA database, such as "Asia/Seoul"';
      throw invalidInput({ field: 'timeZone', rule, value: timeZone });
    }
  }

  /** The local time at an instant, as if it were UTC. */
  wallClock(instant: EpochMs): EpochMs {
    const shown: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    const milliseconds = ((instant % 1_000) + 1_000) % 1_000;
    // Date.UTC would take the years 0 to 99 for those of the twentieth century.
    const wall = new Date(0);
    wall.setUTCFullYear(year, month - 1, day);
    return wall.setUTCHours(hour, minute, second, milliseconds);
  }

  /**
   * The instant at which the wall clock shows a local time. If there are two, the earlier one. A
   * time skipped when clocks go forward is moved forward by the length of the skip.
   */
  instantOf(wallClock: EpochMs): EpochMs {
    // No offset from UTC is as long as a day, and none changes twice within two days.
    const before = this.#offsetAt(wallClock - DAY_MS);
    const after = this.#offsetAt(wallClock + DAY_MS);
    const [first, second] = [wallClock - before, wallClock - after];
    return this.wallClock(first) === wallClock || this.wallClock(second) !== wallClock
      ? first
      : second;
  }

  #offsetAt(instant: EpochMs): number {
    return this.wallClock(instant) - instant;
  }
}
