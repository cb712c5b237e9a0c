import { doubtOfListing } from '../../../lib/domain/retention/listing-doubt.ts';
import { planRetention, type RetentionInput, type VerifiedBackup } from '../../../lib/domain/retention/retention.ts';
import { RETENTION_CODES, type RetentionDecision } from '../../../lib/domain/retention/retention-decision.ts';
import { retentionUntil } from '../../../lib/domain/retention/retention-rules.ts';
import { newestCompleteSet } from '../../../lib/domain/retention/sets.ts';
import type { Slot } from '../../../lib/domain/time/slot.ts';
import { counts, demand, HOUR, note, type SourceState, type Stored, type VaultState } from './vault-state.ts';

const FLOOR = 2;
const SPEAK_FOR_REMOVAL: ReadonlySet<string> = new Set(['beyond-age', 'beyond-count']);
const CODES: ReadonlySet<string> = new Set(RETENTION_CODES);

/** Retention of one source after its backup of `fresh`, by one planner or by two at once, and what must hold after it. */
export function retainOne(vault: VaultState, source: SourceState, fresh: string, thorough: boolean): void {
  const { trouble } = vault;
  const now = vault.time + HOUR / 2 + trouble.clockOffset;
  const listed = trouble.hidden === 0 ? source.backups : source.backups.filter((_, i) => ((trouble.hidden >> (i & 7)) & 1) === 0);
  const whole = listed.length === source.backups.length;
  const set = whole ? trueSet(vault) : undefined;
  const newest = newestSlots(source.backups);

  const input = inputOf(vault, source, listed, fresh, now);
  const decisions = planRetention(input);
  checkDecisions(input, decisions);
  const condemned = namedIn(decisions, 'remove');
  demand(condemned.size === 0 || plausible(trouble.clockOffset), 'something is removed by a clock that is wrong');
  if (trouble.rivalMinutes !== undefined) {
    const rival = { ...input, now: new Date(now + trouble.rivalMinutes * 60_000) };
    for (const key of namedIn(planRetention(rival), 'remove')) condemned.add(key);
    note(vault, 'two planners');
  }

  source.known = [...namedIn(decisions, 'keep')];
  source.recordedSets = input.sets ?? [];
  const before = source.backups;
  if (condemned.size > 0) source.backups = before.filter(({ key }) => !condemned.has(key));
  for (const { reasons } of decisions) for (const { code } of reasons.slice(-1)) note(vault, code);

  const left = new Set(source.backups.filter(counts).map(({ slot }) => slot));
  demand(
    newest.every((slot) => left.has(slot)),
    `${source.id}: one of the two newest verified slots is lost`,
  );
  demand(set === undefined || left.has(set), `${source.id}: a member of the newest complete set, ${set}, is lost`);
  if (thorough) checkRepetition(vault, input, decisions);
}

/** Retention starts half an hour after the slot: that much the clock may go back, and some more; and ten days less that much forward. */
const plausible = (clockOffset: number): boolean => clockOffset >= -0.6 * HOUR && clockOffset <= 239.5 * HOUR;

function inputOf(vault: VaultState, source: SourceState, listed: readonly Stored[], fresh: string, now: number): RetentionInput {
  const keys = listed.map(({ key }) => key);
  const { doubt } = doubtOfListing({ fresh: [fresh], known: source.known, listed: keys });
  const [app, media] = vault.sources;
  const shown = (of: SourceState): readonly Stored[] => (of === source ? listed : of.backups);
  const set = newestCompleteSet(vault.asked, (sourceId, slot) =>
    shown(sourceId === 'app' ? app : media).some((backup) => backup.slot === slot && counts(backup)),
  );
  return {
    now: new Date(now),
    keep: vault.keep,
    backups: listed.map((backup) => (counts(backup) ? backup : { ...backup, damaged: true })),
    sets: set === undefined ? source.recordedSets : [set, ...source.recordedSets],
    ...(doubt !== undefined && { doubt }),
    ...(vault.maxRemovals !== undefined && { maxRemovals: vault.maxRemovals }),
  };
}

function newestSlots(backups: readonly Stored[]): readonly Slot[] {
  const slots = new Set<Slot>();
  for (const backup of backups) if (counts(backup)) slots.add(backup.slot);
  return [...slots].sort().slice(-FLOOR);
}

/** The newest slot of which both sources have a backup that counts, in the vault as it truly is. */
function trueSet({ asked, sources }: VaultState): Slot | undefined {
  for (let i = asked.length - 1; i >= 0; i--) {
    const slot = asked[i]?.slot;
    if (sources.every(({ backups }) => backups.some((backup) => backup.slot === slot && counts(backup)))) return slot;
  }
  return undefined;
}

function namedIn(decisions: readonly RetentionDecision[], action: RetentionDecision['action']): Set<string> {
  const keys = new Set<string>();
  for (const decision of decisions) if (decision.action === action) keys.add(decision.key);
  return keys;
}

function checkDecisions(input: RetentionInput, decisions: readonly RetentionDecision[]): void {
  const { now, keep, backups, doubt } = input;
  const given = new Map<string, VerifiedBackup>(backups.map((backup) => [backup.key, backup]));
  demand(decisions.length === given.size, 'decides on some backups twice, or not on all');
  for (const { key, action, reasons } of decisions) {
    const backup = given.get(key);
    demand(backup !== undefined, `decides on ${key}, which it was not shown`);
    demand(reasons.length > 0 && reasons.every(({ code, text }) => CODES.has(code) && text !== ''), `${key} has no reason`);
    const condemned = reasons.every(({ code }) => SPEAK_FOR_REMOVAL.has(code));
    demand(condemned === (action === 'remove'), `the reasons for ${key} do not say ${action}`);
    if (action === 'keep') continue;
    demand(doubt === undefined && !backup.damaged && backup.tier !== 'archive', `${key} must not be removed`);
    const until = reasons.some(({ code }) => code === 'beyond-age') ? retentionUntil(backup, keep) : undefined;
    demand(until === undefined || until < now, `${key} is removed before its time`);
  }
}

/** The same input gives the same plan, in whatever order it comes; and what is left needs no more removals. */
function checkRepetition(vault: VaultState, input: RetentionInput, decisions: readonly RetentionDecision[]): void {
  const removed = namedIn(decisions, 'remove');
  const again = namedIn(planRetention({ ...input, backups: [...input.backups].reverse() }), 'remove');
  demand(again.size === removed.size && [...again].every((key) => removed.has(key)), 'the same input gives another plan');

  if (decisions.some(({ reasons }) => reasons.some(({ code }) => code === 'removal-cap'))) return;
  const left = input.backups.filter(({ key }) => !removed.has(key));
  demand(namedIn(planRetention({ ...input, backups: left }), 'remove').size === 0, 'a second plan removes more');
  note(vault, 'planned again');
}
