import { DiagnosticsChannel } from '@barkeep/core';
import type { AlertEvent } from '../contract/alert.ts';
import type { FailureEvent, MaintenanceEvent, Notice } from '../contract/market-data-event.ts';

const failures = new DiagnosticsChannel<FailureEvent>('barkeep:failure');
const alerts = new DiagnosticsChannel<AlertEvent>('barkeep:alert');
const runs = new DiagnosticsChannel<MaintenanceEvent>('barkeep:maintenance');

/** Tells those who follow `node:diagnostics_channel` what subscribers of the service hear. */
export function publishNotice(notice: Notice): void {
  if (notice.type === 'failure') failures.publish(notice);
  else if (notice.type === 'alert') alerts.publish(notice);
  else runs.publish(notice);
}
