import { DiagnosticsChannel } from '@barkeep/core';
import type { AlertEvent } from '../contract/alert.ts';
import type { FailureEvent } from '../contract/market-data-event.ts';

const failures = new DiagnosticsChannel<FailureEvent>('barkeep:failure');
const alerts = new DiagnosticsChannel<AlertEvent>('barkeep:alert');

/** Tells those who follow `node:diagnostics_channel` what subscribers of the service hear. */
export function publishNotice(notice: FailureEvent | AlertEvent): void {
  if (notice.type === 'failure') failures.publish(notice);
  else alerts.publish(notice);
}
