import { planKey, RUNS_PREFIX, type Run } from '../../domain/backup/keys.ts';
import { Plan } from '../../domain/run/plan.ts';
import { NIGHTLY, type PlanName } from '../../domain/run/plan-name.ts';
import { parseSlot, type Slot } from '../../domain/time/slot.ts';
import type { Vault } from '../../runtime/vault.ts';
import { foundOf } from '../list/found-of.ts';
import { readDocument, type VaultDocument } from '../place/vault-document.ts';
import { planNameOf, runOf } from '../run/run-name.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

const DAY_MS = 86_400_000;

/** Days that are looked at one by one, from tomorrow on (clocks differ) back; then months, then everything. */
const DAYS_BACK = 9;
const MONTHS_BACK = 14;

/** `runs/2026/04/20260419_030000.media/plan.json`: a run without a plan never began. */
const CLAIM = /^runs\/\d{4}\/\d{2}\/(\d{8}_\d{6})(?:\.([a-z][a-z0-9-]*))?\/plan\.json$/;

/** What is known of the run that is looked for. */
export interface RunQuery {
  readonly plan?: PlanName;
  /** It has this source, written down or found by a group. */
  readonly sourceId?: string;
}

/** The plans of a run, one for each attempt, oldest first. */
export async function plansOf(vault: Vault, run: Run): Promise<readonly Plan[]> {
  return (await claimsOf(vault, run)).map(({ key, document }) => {
    if ('found' in document) return document.found;
    const what = `${key} ${'damaged' in document ? document.damaged : 'is gone'}`;
    throw new CliError(EXIT.unverified, what, 'Look at the object itself; an older version of it may be whole.');
  });
}

/** The same, without those that are damaged: for what can do without them. */
export async function readablePlansOf(vault: Vault, run: Run): Promise<readonly Plan[]> {
  return (await claimsOf(vault, run)).flatMap(({ document }) => ('found' in document ? [document.found] : []));
}

interface Claim {
  readonly key: string;
  readonly document: VaultDocument<Plan>;
}

async function claimsOf(vault: Vault, run: Run): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (let attempt = 1; ; attempt++) {
    const key = planKey({ ...run, attempt });
    const document = await readDocument(vault, key, Plan);
    if ('absent' in document) return claims;
    claims.push({ key, document });
  }
}

/** The newest run that fits; undefined where there is none. */
export async function newestRun(vault: Vault, now: Date, query: RunQuery = {}): Promise<Run | undefined> {
  for await (const run of runsBackFrom(vault, now)) {
    if (query.plan !== undefined && planNameOf(run) !== query.plan) continue;
    if (query.sourceId === undefined || (await hasSource(vault, run, query.sourceId))) return run;
  }
  return undefined;
}

/** All runs, newest first; of one slot the nightly one first. Looks only as far back as it is asked on. */
export async function* runsBackFrom(vault: Vault, now: Date): AsyncIterable<Run> {
  const told = new Set<string>();
  for (const prefix of prefixesFrom(now)) {
    for (const run of await runsUnder(vault, prefix)) {
      const name = `${run.slot} ${run.plan ?? NIGHTLY}`;
      if (!told.has(name)) yield run;
      told.add(name);
    }
  }
}

/** The runs of one slot, one for each plan that has it. */
export const runsAt = (vault: Vault, slot: Slot): Promise<readonly Run[]> =>
  runsUnder(vault, `${RUNS_PREFIX}${slot.slice(0, 4)}/${slot.slice(4, 6)}/${slot}`);

async function hasSource(vault: Vault, run: Run, sourceId: string): Promise<boolean> {
  for (const plan of await plansOf(vault, run)) {
    if (plan.sources.some(({ id }) => id === sourceId)) return true;
    if ((await foundOf(vault, plan))?.sources.some(({ id }) => id === sourceId)) return true;
  }
  return false;
}

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

async function runsUnder(vault: Vault, prefix: string): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for await (const { key } of vault.list(prefix)) {
    const [, stamp = '', plan = NIGHTLY] = CLAIM.exec(key) ?? [];
    const slot = parseSlot(stamp);
    if (slot) runs.push(runOf(slot, plan));
  }
  return runs.sort((a, b) => compare(b.slot, a.slot) || compare(a.plan ?? '', b.plan ?? ''));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
