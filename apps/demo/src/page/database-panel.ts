import type { MaintenanceRun, PlannedAction } from '@barkeep/market-data';
import type { DatabaseStatus } from '../server/wire.ts';
import { fetchDatabaseStatus, runMaintenance } from './fetch-database.ts';
import { formatBytes, formatDuration, formatInstant, formatWhole } from './number-format.ts';
import { newElement, pageElement } from './page-element.ts';

const NAMES: Readonly<Record<PlannedAction['action'], string>> = {
  vacuum: 'Build anew (VACUUM)',
  'incremental-vacuum': 'Give space back in steps',
  analyze: 'Renew statistics',
  reindex: 'Rebuild indexes',
  'integrity-check': 'Check everything',
  retention: 'Remove what is too old',
  backup: 'Back up',
};

/** A dialog: how the database stands, what would be done about it and why, and what has been done. */
export class DatabasePanel {
  readonly #dialog: HTMLDialogElement;
  readonly #note = pageElement('database-note');
  #isBusy = false;

  constructor() {
    const dialog = pageElement('database');
    if (!(dialog instanceof HTMLDialogElement)) throw new TypeError('#database is no dialog');
    this.#dialog = dialog;
    pageElement('open-database').addEventListener('click', () => {
      dialog.showModal();
      void this.#attempt('', () => fetchDatabaseStatus());
    });
    pageElement('close-database').addEventListener('click', () => dialog.close());
    for (const button of dialog.querySelectorAll<HTMLButtonElement>('button[data-action]')) {
      const { action = '' } = button.dataset;
      button.addEventListener('click', () => {
        const work = action === 'explain' ? fetchDatabaseStatus : () => runMaintenance(action);
        void this.#attempt(`${button.textContent} …`, work);
      });
    }
  }

  /** A button that is pressed while another is at work does nothing. */
  async #attempt(what: string, work: () => Promise<DatabaseStatus>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#dialog.setAttribute('aria-busy', 'true');
    this.#note.textContent = what;
    const start = performance.now();
    try {
      this.#show(await work());
      const took = formatDuration(performance.now() - start);
      this.#note.textContent = what === '' ? '' : `${what.replace(' …', '')}: done in ${took}`;
    } catch (error) {
      this.#note.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isBusy = false;
      this.#dialog.removeAttribute('aria-busy');
    }
  }

  #show({ candles, bytes, fragmentation, isQuiet, actions, runs }: DatabaseStatus): void {
    const { pages, freePages, freeRatio, logBytes } = fragmentation;
    const facts: readonly (readonly [string, string])[] = [
      ['Size', `${formatBytes(bytes)}, ${formatWhole(candles)} candles`],
      ['Free', `${formatWhole(freePages)} of ${formatWhole(pages)} pages`],
      ['Write-ahead log', formatBytes(logBytes)],
      ['Quiet hours', isQuiet ? 'now' : 'not now'],
    ];
    pageElement('database-facts').replaceChildren(
      ...facts.flatMap(([name, value]) => [newElement('dt', name), newElement('dd', value)]),
    );
    const meter = pageElement('database-meter');
    meter.style.setProperty('--share', String(freeRatio));
    meter.setAttribute('aria-label', `${(100 * freeRatio).toFixed(1)} % of the pages are free`);
    pageElement('database-plan').replaceChildren(...actions.map(planRow));
    const rows = runs.length > 0 ? runs.map(runRow) : [newElement('li', 'Nothing yet.', 'empty')];
    pageElement('database-runs').replaceChildren(...rows);
  }
}

function planRow({
  action,
  isDue,
  conditions,
  freesBytes,
  expectedMs,
}: PlannedAction): HTMLElement {
  const row = newElement('li', '', isDue ? 'due' : '');
  const head = newElement('p');
  const frees = freesBytes > 0 ? `, frees ${formatBytes(freesBytes)}` : '';
  head.append(
    newElement('b', NAMES[action]),
    newElement('span', isDue ? 'due' : 'not due', 'state'),
    newElement('small', `about ${formatDuration(expectedMs)}${frees}`),
  );
  const list = newElement('ul');
  for (const { rule, isMet, found } of conditions) {
    const item = newElement('li', `${isMet ? '✓' : '✗'} ${rule}`, isMet ? 'met' : '');
    item.append(newElement('small', found));
    list.append(item);
  }
  row.append(head, list);
  return row;
}

function runRow({ at, action, outcome, tookMs, reason, message }: MaintenanceRun): HTMLElement {
  const row = newElement('li', '', outcome);
  const head = newElement('p');
  head.append(
    newElement('time', formatInstant(at)),
    newElement('b', NAMES[action]),
    newElement('span', outcome, 'state'),
    newElement('small', formatDuration(tookMs)),
  );
  row.append(head, newElement('p', message), newElement('p', reason, 'reason'));
  return row;
}
