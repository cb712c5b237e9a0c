import { join } from 'node:path';
import { foundKey } from '../../lib/domain/backup/keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { dueFolders } from '../../lib/domain/source/due-folders.ts';
import type { GroupFindings } from '../../lib/domain/source/found.ts';
import { foundDatabases } from '../../lib/domain/source/found-databases.ts';
import { isGroup, type SourceGroup } from '../../lib/domain/source/source.ts';
import { dateOfSlot } from '../../lib/domain/time/slot.ts';
import { listBackups } from '../../lib/runtime/backups.ts';
import type { CredentialSources } from '../../lib/runtime/postgres/credentials.ts';
import { previousFindings } from '../../lib/runtime/previous-findings.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { datedFolders } from './dated-folders.ts';
import { serverDatabases } from './server-databases.ts';

export interface DiscoverDependencies {
  readonly vault: Vault;
  readonly credentials: CredentialSources;
  /** Where the volume of this task is mounted; undefined for a task without one. */
  readonly volumeFolder: string | undefined;
  readonly now: () => Date;
  readonly stop: AbortSignal;
}

/** Looks into one group of a run, and writes down once what it found. Throws a `Failure`. */
export async function discover(plan: Plan, groupId: string, deps: DiscoverDependencies): Promise<GroupFindings> {
  const group = plan.sources.find(({ id }) => id === groupId);
  if (!group || !isGroup(group)) throw new Failure('internal', `${groupId} is no group of the run of slot ${plan.slot}`);

  const found = { version: 1, groupId, at: deps.now().toISOString(), ...(await look(plan, group, deps)) } as const;
  const key = foundKey(plan, groupId);
  // an earlier try of this task may have been faster, and what it saw is as good
  await deps.vault.putOnce(key, found);
  return found;
}

type Look = Pick<GroupFindings, 'sources' | 'present' | 'notes'>;

async function look({ slot }: Plan, group: SourceGroup, deps: DiscoverDependencies): Promise<Look> {
  const { vault, credentials, stop, now } = deps;
  if (group.kind === 'server') {
    const databases = await serverDatabases(group, credentials, stop);
    const before = await previousFindings(vault, group.id, slot);
    return foundDatabases({ group, databases, before: before?.present });
  }
  if (deps.volumeFolder === undefined) throw new Failure('internal', `${group.id} needs a volume, and this task has none`);
  const archived = new Set((await listBackups(vault, group.id, ['archive'])).map((backup) => dateOfSlot(backup.slot)));
  const question = { group, folder: join(deps.volumeFolder, group.folder), archived, now: now(), signal: stop };
  return dueFolders({ group, folders: await datedFolders(question), archived, now: question.now });
}
