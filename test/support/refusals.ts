import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import { Failure, type Reason } from '../../lib/domain/outcomes.ts';
import type { RestoreItem } from '../../lib/domain/restore/restore-plan.ts';
import { DrillNotes } from '../../tasks/drill/drill-notes.ts';
import { drillTree } from '../../tasks/drill/drill-tree.ts';
import { fetchArchive } from '../../tasks/drill/fetch-archive.ts';
import { restoreItem } from '../../tasks/restore/restore-item.ts';
import type { Corpus, CorpusBackup } from './corpus-backups.ts';
import { type DamageCase, damageCase, original } from './damage-case.ts';
import { begunRestore, databaseItem } from './restores.ts';
import { sameness } from './sameness.ts';

/**
 * What became of a damaged backup. `refused`: nothing of it was restored. `same`: what is restored is what was backed up, since only
 * things were damaged that a restore does not need. `server`: all that is looked at before a server is asked agrees; what comes then is
 * the matter of drills. `taken`: something else would be restored.
 */
export type Reception = 'refused' | 'same' | 'server' | 'taken';

/** What a restore and a drill make of the one damaged backup of a seed. */
export async function receive(corpus: Corpus, seed: number) {
  const one = await damageCase(corpus, seed);
  const name = `${one.kind} | ${one.backup.format} | ${one.concealed}`;
  return { name, restore: await restored(one, corpus), drill: await drilled(one, corpus) };
}

/** What says that a backup cannot be restored, and not that something else is wrong. */
const REFUSALS: ReadonlySet<Reason> = new Set<Reason>(['damaged', 'no-backup', 'version', 'unsafe-archive']);

const NEVER = new AbortController().signal;

/** The work of the restore task, up to where it would ask the target's server. */
async function restored(one: DamageCase, corpus: Corpus): Promise<Reception> {
  const { backup, vault } = one;
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-refusal-'));
  const item = itemOf(backup);
  const plan = begunRestore(vault, 'damaged', { items: [item], identity: 'identity' });
  let asked = false;
  try {
    await restoreItem(plan, item, {
      vault,
      credentials: {
        secretText: async (secret) => {
          if (secret === 'identity') return corpus.identity;
          asked = true;
          throw new Failure('unreachable', 'there is no server here');
        },
        iamToken: async () => '',
      },
      clients: async () => [corpus.client],
      volumeFolder: folder,
      elapsed: () => 0,
      signal: NEVER,
      observer: {},
    });
  } catch (error) {
    if (!asked) return refusal(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return taken(one, corpus);
}

function itemOf({ key, manifest: { sourceId, receipt } }: CorpusBackup): RestoreItem {
  const common = { n: 0, key, sourceId };
  switch (receipt.kind) {
    case 'database':
      return { ...databaseItem(0, sourceId), ...common } as RestoreItem;
    case 'globals':
      return { ...common, kind: receipt.kind };
    case 'files':
    case 'config':
    case 'datedFolder':
      return { ...common, kind: receipt.kind, folder: 'restored', replace: false };
  }
}

/** What a drill looks at before it starts a server; of a tree, all of it. An encrypted backup is not drilled: undefined. */
async function drilled(one: DamageCase, corpus: Corpus): Promise<Reception | undefined> {
  const { backup, vault } = one;
  if (backup.manifest.receipt.encryption) return undefined;
  // an address of what is gone leads to nothing
  if (!(await vault.head(backup.key))) return 'refused';
  const manifest = await manifestIn(one);
  if (!manifest) return 'refused';
  const { receipt } = manifest;
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-refusal-'));
  const fetch = (path: string): Promise<void> =>
    fetchArchive(
      async (take) => {
        for await (const piece of await vault.read(backup.key)) await take(piece as Buffer);
      },
      path,
      receipt,
      NEVER,
    );
  try {
    await fetch(join(folder, 'archive'));
    // what is, byte by byte, the archive that was made, the drills of intact backups unpack
    const other = !one.body?.equals(original(backup));
    if (other && receipt.kind !== 'database' && receipt.kind !== 'globals')
      await drillTree({ receipt, fetch, scratch: join(folder, 'drill-'), notes: new DrillNotes(() => 0), signal: NEVER });
  } catch (error) {
    return refusal(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return taken(one, corpus);
}

/** As the task of a drill reads it: by an address, so without what the store knows of it. */
async function manifestIn({ backup, vault }: DamageCase): Promise<Manifest | undefined> {
  const pieces = await (await vault.read(manifestKey(backup.key))).toArray();
  try {
    return Manifest.safeParse(JSON.parse(Buffer.concat(pieces).toString())).data;
  } catch {
    return undefined;
  }
}

function refusal(error: unknown): Reception {
  if (error instanceof Failure && REFUSALS.has(error.reason)) return 'refused';
  throw error;
}

async function taken({ body, backup, concealed }: DamageCase, { client }: Corpus): Promise<Reception> {
  const whole = original(backup);
  if (body?.equals(whole)) return 'same';
  const { kind } = backup.manifest.receipt;
  if (kind === 'database') return concealed === 'records' ? 'server' : 'taken';
  return body && (await sameness(kind, whole, body, client)) === 'same' ? 'same' : 'taken';
}
