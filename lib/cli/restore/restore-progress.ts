import type { OperationWords } from '../terminal/operation-display.ts';
import { type Canvas, cut, spinner } from '../terminal/redrawn.ts';
import { cutInMiddle } from '../terminal/table.ts';
import { itemWords, phaseName } from './item-words.ts';
import type { ItemView, RestoreView } from './restore-view.ts';

/** How a restore is shown while it goes on. */
export const RESTORE_PROGRESS: OperationWords<RestoreView> = { title: 'Restore', lines, tell };

const WIDEST_ID = 30;

/** Header, the line below the items, and the cursor's. */
const OTHER_LINES = 3;

function lines(view: RestoreView, { terminal, columns, rows }: Canvas, now: Date): readonly string[] {
  const shown = openFirst(view.items, Math.max(1, rows - OTHER_LINES));
  const width = Math.min(WIDEST_ID, Math.max(...shown.map(({ item }) => item.sourceId.length)));
  const hidden = view.items.length - shown.length;
  return [
    ...shown.map((one) => {
      const { item, record } = one;
      const tick = record ? (record.result === 'restored' ? '✔' : '✖') : spinner(now);
      const text = cut(`${tick} ${cutInMiddle(item.sourceId, width).padEnd(width)}  ${itemWords(one)}`, columns);
      return record ? terminal.paintNote(record.result === 'restored' ? 'good' : 'bad', text) : text;
    }),
    ...(hidden > 0 ? [`  and ${hidden} more`] : []),
    cut(`${view.record ? '✔' : spinner(now)} ${wholeWords(view)}`, columns),
  ];
}

/** Where not all fit: what failed and what goes on, in the order of the plan. */
function openFirst(items: readonly ItemView[], room: number): readonly ItemView[] {
  if (items.length <= room) return items;
  const rank = ({ record, progress }: ItemView): number => (record ? (record.result === 'failed' ? 0 : 3) : progress ? 1 : 2);
  const chosen = new Set([...items].sort((a, b) => rank(a) - rank(b)).slice(0, room - 1));
  return items.filter((item) => chosen.has(item));
}

function wholeWords({ items, services, record }: RestoreView): string {
  const settled = items.filter((item) => item.record).length;
  if (record) return 'done';
  const stopped = services && services.services.length > 0 ? `; stopped meanwhile: ${servicesIn(services)}` : '';
  return settled < items.length
    ? `${settled} of ${items.length} settled${stopped}`
    : `${settled} of ${items.length} settled; hooks and services`;
}

const servicesIn = ({ services }: NonNullable<RestoreView['services']>): string =>
  services.map(({ service }) => service).join(', ');

/** After so long without a change of phase a line says how far an item is. */
const SAY_AGAIN_MS = 30_000;

function tell(say: (line: string) => void, now: () => Date): (view: RestoreView) => void {
  let before: RestoreView | undefined;
  const saidAt = new Map<number, number>();
  const sayItem = (one: ItemView, last: ItemView | undefined): void => {
    const { item, progress, record } = one;
    const moved = (record && !last?.record) || (progress && phaseName(progress) !== (last?.progress && phaseName(last.progress)));
    const silent = progress && now().getTime() - (saidAt.get(item.n) ?? 0) > SAY_AGAIN_MS;
    if (!moved && !silent) return;
    saidAt.set(item.n, now().getTime());
    say(`${item.sourceId}: ${itemWords(one)}`);
  };
  return (view) => {
    if (!before) say(`to restore to ${view.plan.targetName}: ${view.items.map(({ item }) => item.key).join(', ')}`);
    if (view.services && !before?.services && view.services.services.length > 0)
      say(`services stopped: ${servicesIn(view.services)}`);
    for (const [at, one] of view.items.entries()) sayItem(one, before?.items[at]);
    if (view.record && !before?.record) say('the record is written');
    before = view;
  };
}
