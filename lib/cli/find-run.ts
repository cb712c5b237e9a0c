import { planKey, RUNS_PREFIX } from '../domain/keys.ts';
import { Plan } from '../domain/plan.ts';
import { parseSlot, type Slot } from '../domain/slot.ts';
import type { Vault } from '../runtime/vault.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';
import { readDocument } from './vault-document.ts';

const DAY_MS = 86_400_000;

/** Days that are looked at one by one, from tomorrow on (clocks differ) back; then months, then everything. */
const DAYS_BACK = 9;
const MONTHS_BACK = 14;

/** The plans of a slot, one for each attempt, oldest first. */
export async function plansOf(vault: Vault, slot: Slot): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for (let attempt = 1; ; attempt++) {
    const key = planKey({ slot, attempt });
    const document = await readDocument(vault, key, Plan);
    if ('absent' in document) return plans;
    if ('damaged' in document)
      throw new CliError(
        EXIT.unverified,
        `${key} ${document.damaged}`,
        'Look at the object itself; an older version of it may be whole.',
      );
    plans.push(document.found);
  }
}

/** The slot of the newest run, or of the newest that has this source; undefined where there is none. */
export async function newestSlot(vault: Vault, now: Date, sourceId?: string): Promise<Slot | undefined> {
  const tried = new Set<Slot>();
  for (const prefix of prefixesFrom(now)) {
    for (const slot of await slotsUnder(vault, prefix)) {
      if (tried.has(slot)) continue;
      tried.add(slot);
      if (sourceId === undefined || (await hasSource(vault, slot, sourceId))) return slot;
    }
  }
  return undefined;
}

const hasSource = async (vault: Vault, slot: Slot, sourceId: string): Promise<boolean> =>
  (await plansOf(vault, slot)).some(({ sources }) => sources.some(({ id }) => id === sourceId));

/** A listing goes from old to new, so that years of runs would pass by before the newest one: it is looked for from the end. */
function prefixesFrom(now: Date): readonly string[] {
  const day = (back: number): string => {
    const [year = '', month = '', date = ''] = new Date(now.getTime() - back * DAY_MS).toISOString().slice(0, 10).split('-');
    return `${RUNS_PREFIX}${year}/${month}/${year}${month}${date}`;
  };
  const month = (back: number): string => {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString();
    return `${RUNS_PREFIX}${first.slice(0, 4)}/${first.slice(5, 7)}/`;
  };
  const days = Array.from({ length: DAYS_BACK }, (_, n) => day(n - 1));
  const months = Array.from({ length: MONTHS_BACK }, (_, n) => month(n));
  return [...days, ...months, RUNS_PREFIX];
}

async function slotsUnder(vault: Vault, prefix: string): Promise<readonly Slot[]> {
  const slots = new Set<Slot>();
  for await (const { key } of vault.list(prefix)) {
    // `runs/2026/04/20260419_020000/plan.json`: a run without a plan never began
    const slot = parseSlot(/^runs\/\d{4}\/\d{2}\/(\d{8}_\d{6})\/plan\.json$/.exec(key)?.[1] ?? '');
    if (slot) slots.add(slot);
  }
  return [...slots].sort().reverse();
}
