import { manifestKey, planKey, RUNS_PREFIX, runRecordKey } from '../../../lib/domain/backup/keys.ts';
import { type OpenUpload, planSweep, type SweptObject } from '../../../lib/domain/retention/sweep.ts';
import { confirmSweep, manifestsToMiss } from '../../../lib/domain/retention/sweep-confirm.ts';
import type { SweepPlan } from '../../../lib/domain/retention/sweep-decision.ts';
import { demand, HOUR, LONGEST_RUN_HOURS, note, slotAt, type VaultState } from './vault-state.ts';

const UNKNOWN = ['daily/notes.txt', 'readme.md'];
const LONGEST = LONGEST_RUN_HOURS * HOUR;

interface Sweeping {
  readonly vault: VaultState;
  readonly now: Date;
  /** The plan of the run that sweeps; undefined for a sweep by hand. */
  readonly own: string | undefined;
  /** All that is there, in the order of a listing. */
  readonly objects: readonly SweptObject[];
}

/** A sweep, by a run or by hand, while whatever is running runs, and what must hold after it. */
export function sweepOnce(vault: VaultState, byRun: boolean): void {
  const run = { slot: slotAt(vault.time), attempt: 1, plan: 'sweeping' };
  const own = byRun ? planKey(run) : undefined;
  if (own !== undefined) vault.runDocuments.push({ key: own, at: vault.time });
  sweep({ vault, now: new Date(vault.time + vault.trouble.clockOffset), own, objects: objectsOf(vault) });
  if (own !== undefined) vault.runDocuments.push({ key: runRecordKey(run), at: vault.time });
}

function sweep(sweeping: Sweeping): void {
  const { vault, objects } = sweeping;
  const shown = objects.filter(isShown(sweeping));
  const plan = confirmed(sweeping, planOf(sweeping, shown));
  check(vault, plan);
  if (shown.length === objects.length) checkComplete(sweeping, plan);

  const gone = new Set(plan.decisions.flatMap(({ action, key, uploadId }) => (action === 'leave' ? [] : [uploadId ?? key])));
  if (gone.size === 0) return;
  vault.leftovers = vault.leftovers.filter(({ key, uploadId }) => !gone.has(uploadId ?? key));
  note(vault, 'swept');
  const left = shown.filter(({ key }) => !gone.has(key));
  demand(removals(confirmed(sweeping, planOf(sweeping, left))) === 0, 'a second sweep removes more');
}

/** A listing that is not whole lacks single objects of the tiers, or all that lies under `runs/`. */
function isShown({ vault, own }: Sweeping): (object: SweptObject, i: number) => boolean {
  const { hidden } = vault.trouble;
  return ({ key }, i) =>
    key.startsWith(RUNS_PREFIX) ? own === undefined || (hidden & 1) === 0 : ((hidden >> (i & 7)) & 1) === 0;
}

const removals = ({ decisions }: SweepPlan): number => decisions.filter(({ action }) => action !== 'leave').length;

const planOf = ({ vault, now, own }: Sweeping, objects: readonly SweptObject[]): SweepPlan =>
  planSweep({ now, longestRunHours: LONGEST_RUN_HOURS, objects, uploads: uploadsOf(vault), ...(own !== undefined && { own }) });

function uploadsOf({ leftovers, running }: VaultState): readonly OpenUpload[] {
  const left = leftovers.flatMap(({ key, uploadId, at }) => (uploadId === undefined ? [] : [{ key, uploadId, at }]));
  const flying = running.map(({ key, claim, began }) => ({ key, uploadId: `of ${claim}`, at: began }));
  return [...left, ...flying].map(({ at, ...upload }) => ({ ...upload, initiated: new Date(at) }));
}

function objectsOf(vault: VaultState): readonly SweptObject[] {
  const objects: { key: string; at: number }[] = [...vault.runDocuments, ...UNKNOWN.map((key) => ({ key, at: 0 }))];
  for (const { key, at } of vault.others) objects.push({ key, at }, { key: manifestKey(key), at });
  for (const { key, at, uploadId } of vault.leftovers) if (uploadId === undefined) objects.push({ key, at });
  for (const { backups } of vault.sources)
    for (const { key, writtenAt, artifactGone } of backups) {
      if (!artifactGone) objects.push({ key, at: writtenAt });
      objects.push({ key: manifestKey(key), at: writtenAt });
    }
  objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  return objects.map(({ key, at }) => ({ key, lastModified: new Date(at) }));
}

function confirmed({ vault, objects }: Sweeping, plan: SweepPlan): SweepPlan {
  const missing = manifestsToMiss(plan);
  if (missing.length === 0) return plan;
  const there = new Set(objects.map(({ key }) => key));
  const present = new Set(missing.filter((key) => there.has(key)));
  if (present.size > 0) note(vault, 'sweep of a partial listing stopped');
  return confirmSweep(plan, present);
}

function check(vault: VaultState, { decisions }: SweepPlan): void {
  const flying = new Set(vault.running.flatMap(({ key, claim }) => [key, `of ${claim}`]));
  const leftovers = new Map(vault.leftovers.map((leftover) => [leftover.uploadId ?? leftover.key, leftover]));
  for (const { key, uploadId, action, reason } of decisions) {
    demand(reason.text !== '', `${key} has no reason`);
    note(vault, reason.code);
    if (action === 'leave') continue;
    const leftover = leftovers.get(uploadId ?? key);
    demand(!flying.has(uploadId ?? key), `${key} is in flight`);
    demand(leftover !== undefined, `${key} is no leftover`);
    demand(vault.time - leftover.at > LONGEST, `${key} is too young`);
    demand(reason.code === (uploadId === undefined ? 'no-manifest' : 'upload-abandoned'), `${key} has the wrong reason`);
  }
}

/** Where all is listed and nobody else is at work, everything goes that is old enough by both clocks. */
function checkComplete({ vault, now, own, objects }: Sweeping, plan: SweepPlan): void {
  const instants = [...objects.map(({ lastModified }) => lastModified), ...uploadsOf(vault).map(({ initiated }) => initiated)];
  const present = Math.min(
    instants.reduce((newest, at) => Math.max(newest, at.getTime()), 0),
    now.getTime(),
  );
  const records = new Set(vault.runDocuments.map(({ key }) => key));
  const alone = vault.runDocuments.every(
    ({ key, at }) =>
      key === own || !key.endsWith('/plan.json') || present - at > LONGEST || records.has(key.replace('/plan.json', '.json')),
  );
  const due = vault.leftovers.filter(({ at, uploadId }) => present - at > LONGEST && (uploadId !== undefined || alone));
  demand(removals(plan) === due.length, `${removals(plan)} leftovers go, and ${due.length} are due`);
}
