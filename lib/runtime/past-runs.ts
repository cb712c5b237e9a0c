import { RUNS_PREFIX } from '../domain/backup/keys.ts';
import { NIGHTLY, type PlanName } from '../domain/run/plan-name.ts';
import { instantOf, parseSlot, type Slot } from '../domain/time/slot.ts';
import type { Vault } from './vault.ts';

const DAY_MS = 86_400_000;

/** What is older decides nothing any more. */
const DAYS_BACK = 100;

/** A run of a plan, and the keys of what it left. */
export interface PastRun {
  readonly slot: Slot;
  readonly keys: readonly string[];
}

/**
 * The runs of a plan that were begun, newest first, from this slot on back. A day at a time: what one looks for is mostly of
 * today or yesterday, and a month of a large fleet is a hundred thousand keys.
 */
export async function* pastRuns(vault: Vault, plan: PlanName, upTo: Slot): AsyncIterable<PastRun> {
  for (let back = 0; back < DAYS_BACK; back++) {
    const bySlot = new Map<Slot, string[]>();
    for await (const { key } of vault.list(dayPrefix(upTo, back))) {
      const slot = slotIn(key, plan);
      if (slot && slot <= upTo) bySlot.set(slot, [...(bySlot.get(slot) ?? []), key]);
    }
    for (const slot of [...bySlot.keys()].sort().reverse()) yield { slot, keys: bySlot.get(slot) ?? [] };
  }
}

function dayPrefix(slot: Slot, back: number): string {
  const day = new Date(instantOf(slot).getTime() - back * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  return `${RUNS_PREFIX}${day.slice(0, 4)}/${day.slice(4, 6)}/${day}`;
}

/** `runs/2026/04/20260419_030000.media/plan.json` is of plan `media`; without a plan in its name, of the nightly one. */
function slotIn(key: string, plan: PlanName): Slot | undefined {
  const [, slot = '', of = NIGHTLY] = /^runs\/\d{4}\/\d{2}\/(\d{8}_\d{6})(?:\.([a-z][a-z0-9-]*))?\/[^/]+$/.exec(key) ?? [];
  return of === plan ? parseSlot(slot) : undefined;
}
