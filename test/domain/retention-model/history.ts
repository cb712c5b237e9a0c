import { planKey, runRecordKey } from '../../../lib/domain/backup/keys.ts';
import type { Keep } from '../../../lib/domain/source/source.ts';
import type { Slot } from '../../../lib/domain/time/slot.ts';
import { retainOne } from './retention-step.ts';
import { sweepOnce } from './sweep-step.ts';
import {
  DAY,
  emptyVault,
  HOUR,
  keyOf,
  type Leftover,
  LONGEST_RUN_HOURS,
  NO_TROUBLE,
  note,
  type SourceState,
  slotAt,
  store,
  type VaultState,
} from './vault-state.ts';

const DAILY = ['1d', '2d', '3d', '7d', '1mo', 1, 2, 3] as const;
const WEEKLY = [undefined, '1w', '2w', '30d', 1, 2, 'forever', '1mo'] as const;
const MONTHLY = [undefined, '1mo', '12mo', 2] as const;
const YEARLY = [undefined, '5y', 1, 'forever'] as const;

const CLOCK_JUMPS = [-56 * 365 * DAY, -DAY, -HOUR, -4 * 60_000, HOUR, DAY, 9 * DAY, 11 * DAY, 12 * 365 * DAY];

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T;

function keepOf(a: number, b: number): Keep {
  const tiers = { weekly: pick(WEEKLY, a >> 3), monthly: pick(MONTHLY, b), yearly: pick(YEARLY, b >> 2) };
  const named = Object.entries(tiers).filter(([, rule]) => rule !== undefined);
  return { daily: pick(DAILY, a), ...Object.fromEntries(named) };
}

/** Removals of one run: mostly the default, which so short a history does not reach. */
const CAPS = [undefined, undefined, undefined, 1] as const;

/** What can happen to a vault, and how often of 16 times. `arg` is a byte that says more. */
const EVENTS: readonly ((vault: VaultState, arg: number) => void)[] = [
  ...Array.from({ length: 5 }, () => night(DAY)),
  night(5 * HOUR),
  outage,
  corruptLate,
  deleteByHand,
  jumpClock,
  hidePartOfListing,
  addRival,
  sweep,
  beginRun,
  changeRules,
  (vault, arg) => {
    hidePartOfListing(vault, arg);
    addRival(vault, arg);
  },
];

/** Lives through a history: two bytes of keep rules, then two bytes an event. Throws at the first thing that is not as it must be. */
export function live(bytes: Uint8Array, seen: Map<string, number>, trace?: string[]): void {
  const [a = 0, b = 0] = bytes;
  const vault = emptyVault(keepOf(a, b), CAPS[b >> 6], seen);
  for (let i = 2; i + 1 < bytes.length; i += 2) {
    const event = pick(EVENTS, bytes[i] ?? 0);
    const arg = bytes[i + 1] ?? 0;
    trace?.push(`${slotAt(vault.time)} ${event.name} ${arg} ${JSON.stringify(vault.keep)} ${JSON.stringify(vault.trouble)}`);
    event(vault, arg);
  }
}

/** A run of both sources: some fail, some backups are promoted, then retention follows for those that did not fail. */
function night(after: number): (vault: VaultState, arg: number) => void {
  return function aNight(vault, arg) {
    pass(vault, after);
    const slot = slotAt(vault.time);
    const run = { slot, attempt: 1 };
    vault.asked.push({ slot, sources: ['app', 'media'] });
    vault.runDocuments.push({ key: planKey(run), at: vault.time });

    const good = vault.sources.filter((source, i) => backUp(vault, source, slot, arg >> (4 * i)));
    for (const source of good) retainOne(vault, source, keyOf('daily', source.id, slot), (arg & 0x11) === 0x11);
    if (good.length > 0) vault.trouble = { ...NO_TROUBLE };
    vault.runDocuments.push({ key: runRecordKey(run), at: vault.time });
  };
}

/** Four bits: a quarter fails, and leaves an object or an upload; of the others half goes to another tier as well. */
function backUp(vault: VaultState, source: SourceState, slot: Slot, bits: number): boolean {
  const key = keyOf('daily', source.id, slot);
  if ((bits & 3) === 0) {
    vault.leftovers.push({ key, at: vault.time, ...((bits & 4) === 0 && { uploadId: `upload of ${key}` }) });
    return false;
  }
  store(source, 'daily', slot, vault.time);
  if ((bits & 12) === 12) store(source, 'weekly', slot, vault.time);
  if ((bits & 7) === 6) store(source, 'monthly', slot, vault.time);
  if ((bits & 15) === 15) store(source, 'yearly', slot, vault.time);
  return true;
}

function pass(vault: VaultState, ms: number): void {
  vault.time += ms;
  if (vault.running.length === 0) return;
  for (const run of vault.running.filter(({ ends }) => ends <= vault.time)) end(vault, run);
  vault.running = vault.running.filter(({ ends }) => ends > vault.time);
}

function end(vault: VaultState, { key, claim, record, began, ends, dies }: VaultState['running'][number]): void {
  const committed = vault.others.some((other) => other.key === key);
  const isObject = (leftover: Leftover): boolean => leftover.key === key && leftover.uploadId === undefined;
  if (dies) {
    if (!committed && !vault.leftovers.some(isObject)) vault.leftovers.push({ key, at: ends });
    vault.leftovers.push({ key, at: began, uploadId: `of ${claim}` });
    return;
  }
  vault.leftovers = vault.leftovers.filter((leftover) => !isObject(leftover));
  if (!committed) vault.others.push({ key, at: ends });
  vault.runDocuments.push({ key: record, at: ends });
}

function outage(vault: VaultState, arg: number): void {
  pass(vault, ((arg % 45) + 1) * DAY);
}

function corruptLate(vault: VaultState, arg: number): void {
  const { backups } = pick(vault.sources, arg);
  const backup = backups.length > 0 ? pick(backups, arg >> 2) : undefined;
  if (!backup) return;
  if ((arg & 2) === 0) backup.damaged = true;
  else backup.artifactGone = true;
}

function deleteByHand(vault: VaultState, arg: number): void {
  const source = pick(vault.sources, arg);
  const half = (arg & 14) === 0;
  source.backups = source.backups.filter((_, i) => (half ? i % 2 === arg >> 7 : i !== (arg >> 1) % source.backups.length));
  note(vault, half ? 'half deleted' : 'one deleted');
}

function jumpClock(vault: VaultState, arg: number): void {
  vault.trouble.clockOffset = pick(CLOCK_JUMPS, arg);
}

function hidePartOfListing(vault: VaultState, arg: number): void {
  vault.trouble.hidden = arg;
}

function addRival(vault: VaultState, arg: number): void {
  vault.trouble.rivalMinutes = (arg - 128) * (arg & 1 ? 1 : 60);
}

function sweep(vault: VaultState, arg: number): void {
  pass(vault, (arg & 15) * HOUR);
  if ((arg & 48) === 48) jumpClock(vault, arg);
  if ((arg & 192) === 192) hidePartOfListing(vault, arg);
  sweepOnce(vault, (arg & 1) === 1);
  vault.trouble = { ...NO_TROUBLE };
}

/** A run of another plan begins; it writes its own artifact, or adopts one that a killed run has left. */
function beginRun(vault: VaultState, arg: number): void {
  pass(vault, HOUR);
  const orphan = vault.leftovers.find(({ uploadId }) => uploadId === undefined);
  const adopts = (arg & 1) === 1 && orphan !== undefined;
  const slot = slotAt(vault.time);
  const run = { slot, attempt: 1, plan: 'media' };
  const [claim, record] = [planKey(run), runRecordKey(run)];
  const ends = vault.time + ((arg >> 2) % (LONGEST_RUN_HOURS - 1)) * HOUR + HOUR;
  const key = adopts ? orphan.key : `weekly/big_${slot}.tar.gz`;
  vault.runDocuments.push({ key: claim, at: vault.time });
  vault.running.push({ claim, record, began: vault.time, ends, dies: (arg & 2) === 2, key });
  note(vault, adopts ? 'adopted' : 'begun');
}

function changeRules(vault: VaultState, arg: number): void {
  vault.keep = keepOf(arg, arg >> 3);
}
