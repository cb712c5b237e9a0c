import { type ArtifactName, artifactKey, manifestKey, type Run } from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import type { VerifiedBackup } from '../../domain/retention/retention.ts';
import { retentionUntil } from '../../domain/retention/retention-rules.ts';
import { sourcesOf } from '../../domain/run/plan-night.ts';
import { type Keep, keepOf, type Source } from '../../domain/source/source.ts';
import { inTurn } from '../../runtime/in-turn.ts';
import type { Vault } from '../../runtime/vault.ts';
import { readDocument } from '../place/vault-document.ts';
import { planNameOf } from '../run/run-name.ts';
import { readablePlansOf } from '../show/find-run.ts';
import { foundOf } from './found-of.ts';

/** How long one backup is kept. */
export interface Kept {
  /** The rule as it is written; null where none is known, or none is configured for its tier. */
  readonly rule: string | number | null;
  /** The last instant of an age; null where time alone does not end it. */
  readonly until: Date | null;
  /** For a table. */
  readonly words: string;
}

/**
 * The keep rules of sources, each as the run of its newest backup had it: a source is pruned only by a run that has backed it up.
 * Sources whose run left no plan that can be read are missing.
 */
export async function keepRulesOf(vault: Vault, newest: readonly ArtifactName[]): Promise<ReadonlyMap<string, Keep>> {
  const rules = [...(await newestSources(vault, newest))].flatMap(([id, source]) => {
    const keep = keepOf(source);
    return keep ? [[id, keep] as const] : [];
  });
  return new Map(rules);
}

/** The sources of these backups, by their ids, as the runs that made them had them. */
export async function newestSources(vault: Vault, newest: readonly ArtifactName[]): Promise<ReadonlyMap<string, Source>> {
  const documents = await inTurn(newest, (name) => readDocument(vault, manifestKey(artifactKey(name)), Manifest));
  const manifests = documents.flatMap((one) => ('found' in one ? [one.found] : []));
  const runs = new Map<string, Run>(manifests.map((manifest) => [nameOf(manifest), manifest]));
  const sources = new Map(await inTurn([...runs], async ([name, run]) => [name, await sourcesIn(vault, run)] as const));
  return new Map(
    manifests.flatMap((manifest) => {
      const source = sources.get(nameOf(manifest))?.find(({ id }) => id === manifest.sourceId);
      return source ? [[manifest.sourceId, source] as const] : [];
    }),
  );
}

const nameOf = (run: Run): string => `${run.slot} ${planNameOf(run)}`;

/** The sources of all attempts at a run, those of the last first: an attempt may have another configuration than the one before. */
async function sourcesIn(vault: Vault, run: Run): Promise<readonly Source[]> {
  const plans = await readablePlansOf(vault, { slot: run.slot, ...(run.plan !== undefined && { plan: run.plan }) });
  const sources = await inTurn(plans.toReversed(), async (plan) => sourcesOf(plan, await foundOf(vault, plan)));
  return sources.flat();
}

/** How long a backup is kept by these rules. */
export function keptBy(keep: Keep | undefined, backup: Pick<VerifiedBackup, 'tier' | 'slot'>): Kept {
  const { tier } = backup;
  if (tier === 'archive') return { rule: null, until: null, words: 'for ever' };
  if (!keep) return { rule: null, until: null, words: 'not known' };
  const rule = keep[tier] ?? null;
  const until = retentionUntil(backup, keep) ?? null;
  if (until) return { rule, until, words: until.toISOString().slice(0, 10) };
  return { rule, until, words: rule === null || rule === 'forever' ? 'for ever' : `newest ${rule}` };
}
