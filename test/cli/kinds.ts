import { createHash } from 'node:crypto';
import { foundKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import type { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { artifactKeyOf, artifactOf } from '../../lib/domain/source/artifact-of.ts';
import type { Found } from '../../lib/domain/source/found.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import type { MemoryVault } from '../support/memory-vault.ts';
import { manifestOf, receiptOf } from '../support/night.ts';
import { globalsReceiptOf, treeReceiptOf } from '../support/receipts.ts';
import { RECIPIENT } from '../support/sources.ts';

/** Puts down the backup that a source of any kind makes in a run, and returns its key. */
export function backedUp(vault: MemoryVault, source: Source, slot: Slot, facts: Partial<Manifest> = {}): string {
  const key = artifactKeyOf(source, slot);
  const body = Buffer.from(`backup of ${key}`);
  const name = artifactOf(source, slot);
  const { database: _, ...manifest } = manifestOf(name.sourceId, slot, body, name.tier);
  vault.put(key, body);
  vault.put(manifestKey(key), {
    ...manifest,
    kind: source.kind,
    ...(source.kind === 'database' && { database: source.database }),
    ...(source.kind === 'datedFolder' && { date: source.date }),
    key,
    receipt: { ...receiptFor(source, slot, body), key },
    ...facts,
  } satisfies Manifest);
  return key;
}

function receiptFor(source: Source, slot: Slot, body: Buffer): Receipt {
  const name = artifactOf(source, slot);
  const encryption = {
    format: 'age' as const,
    recipients: [RECIPIENT],
    plainBytes: body.length,
    plainSha256: createHash('sha256').update(body).digest('hex'),
  };
  const encrypted = source.recipients ? { encryption } : {};
  if (source.kind === 'database') return { ...receiptOf(source.id, slot, body), ...encrypted };
  if (source.kind === 'globals') return { ...globalsReceiptOf(name, body), ...encrypted };
  return { ...treeReceiptOf(source.kind, name, body), ...encrypted };
}

/** What the groups of a run turned out to hold. */
export function foundIn(vault: MemoryVault, plan: Plan, facts: Partial<Found>): Found {
  const found: Found = { version: 1, sources: [], alreadyVerified: [], failedGroups: [], notes: [], ...facts };
  vault.put(foundKey(plan), found);
  return found;
}
