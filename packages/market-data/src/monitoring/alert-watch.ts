import type { EpochMs } from '@barkeep/core';
import type { AlertRule } from '../config/alert-rules.ts';
import type { AlertEvent, AlertName, StandingAlert } from '../contract/alert.ts';
import { alertMessage } from './alert-message.ts';
import { ALERT_READINGS } from './alert-readings.ts';
import type { Observation } from './observation.ts';

/** Which alerts stand, and what an observation makes of them. */
export class AlertWatch {
  readonly #rules: ReadonlyMap<AlertName, AlertRule>;
  readonly #standing = new Map<AlertName, StandingAlert>();

  constructor(rules: ReadonlyMap<AlertName, AlertRule>) {
    this.#rules = rules;
  }

  get standing(): StandingAlert[] {
    return [...this.#standing.values()];
  }

  /** Raises and clears. A value that cannot be told changes nothing. */
  check(now: Observation, before: Observation): AlertEvent[] {
    return Array.from(this.#rules, ([name, rule]) => {
      const value = ALERT_READINGS[name].read(now, before);
      return value === undefined ? [] : (this.#judge(name, rule, value, now.at) ?? []);
    }).flat();
  }

  #judge(name: AlertName, rule: AlertRule, value: number, at: EpochMs): AlertEvent | undefined {
    const { raisedWhen, raise, clear } = rule;
    const clearedWhen = raisedWhen === 'above' ? 'below' : 'above';
    if (this.#standing.has(name)) {
      if (!hasReached(value, clear, clearedWhen)) return undefined;
      this.#standing.delete(name);
      const message = alertMessage(name, value, clear, clearedWhen);
      return { type: 'alert', name, level: 'cleared', value, threshold: clear, at, message };
    }
    if (!hasReached(value, raise, raisedWhen)) return undefined;
    const message = alertMessage(name, value, raise, raisedWhen);
    this.#standing.set(name, { name, raisedAt: at, value, threshold: raise, message });
    return { type: 'alert', name, level: 'raised', value, threshold: raise, at, message };
  }
}

function hasReached(value: number, level: number, side: 'above' | 'below'): boolean {
  return side === 'above' ? value >= level : value <= level;
}
