import { beforeEach, describe, expect, it } from 'vitest';
import { outcome } from '../../functions/outcome/outcome.ts';
import { artifactKey, foundKey, manifestKey, outcomeKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { artifactOf } from '../../lib/domain/source/artifact-of.ts';
import { NOTHING_FOUND } from '../../lib/domain/source/found.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  backup,
  begun,
  failedTry,
  manifestOf,
  minutesAfter,
  planOf,
  receiptOf,
  SUNDAY,
  slotBefore,
  sourceOf,
} from '../support/night.ts';
import { treeReceiptOf } from '../support/receipts.ts';
import { datedFolderOf, datedFoldersOf, serverOf } from '../support/sources.ts';

const plan = planOf([sourceOf('alpha')]);
const now = minutesAfter(SUNDAY, 10);
const EXIT_1 = { Error: 'States.TaskFailed', Cause: JSON.stringify({ Containers: [{ ExitCode: 1 }] }) };
const KILLED = { Error: 'States.TaskFailed', Cause: JSON.stringify({ Containers: [{ ExitCode: 137 }] }) };

let vault: MemoryVault;
let planKey: string;
const settle = (facts: object) => outcome({ vault, now: () => now })({ planKey, id: 'alpha', tries: 0, ...facts });
const written = () => vault.json(outcomeKey(plan, 'alpha'));

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, plan);
});

describe('outcome', () => {
  it('writes down a verified source with its figures and copies', async () => {
    const key = manifestKey(backup(vault, 'alpha', SUNDAY));
    const promotion = { promoted: ['weekly/alpha_20260419_020000.dump'], warnings: ['monthly: taken'] };

    expect(await settle({ manifestKey: key, promotion })).toEqual({ decision: 'done', waitSeconds: 0, tries: 1 });

    const facts = {
      status: 'verified',
      manifestKey: key,
      counts: { of: 'database', tables: 1, rows: 30 },
      durationSeconds: 60,
      tries: 1,
    };
    expect(written()).toMatchObject({ ...facts, promoted: promotion.promoted, warnings: promotion.warnings });
  });

  it('calls a backup verified though its promotion failed, and says so', async () => {
    const key = manifestKey(backup(vault, 'alpha', SUNDAY));
    const error = { Error: 'Nightproof.storage', Cause: JSON.stringify({ errorMessage: 'CopyObject: SlowDown' }) };

    expect(await settle({ manifestKey: key, error })).toMatchObject({ decision: 'done' });
    expect(written()).toMatchObject({ status: 'verified', warnings: [expect.stringContaining('CopyObject: SlowDown')] });
  });

  /** Warnings of tonight's backup of 1 MB, where the ones before had these sizes, the newest last. */
  const warningsAfter = async (...earlier: readonly number[]): Promise<readonly string[]> => {
    for (const [n, bytes] of [...earlier, 1_000_000].entries()) {
      const slot = slotBefore(SUNDAY, earlier.length - n);
      backup(vault, 'alpha', slot);
      const manifest = manifestOf('alpha', slot, Buffer.from('x'));
      vault.put(manifestKey(manifest.key), { ...manifest, receipt: { ...manifest.receipt, bytes } });
    }
    await settle({ manifestKey: manifestKey(artifactKey({ tier: 'daily', sourceId: 'alpha', slot: SUNDAY, format: 'dump' })) });
    return (SourceOutcome.parse(written()) as { warnings: string[] }).warnings;
  };

  it('warns of a backup that has less than half the size of the one before', async () => {
    const warnings = await warningsAfter(9_000_000, 2_100_000);
    expect(warnings).toEqual([expect.stringContaining(`the one of ${slotBefore(SUNDAY, 1)} had 2.0 MiB`)]);
  });

  it('is settled though the sizes before cannot be read', async () => {
    vault.failing('list', 'daily/alpha_');
    expect(await warningsAfter(9_000_000)).toEqual([]);
    expect(vault.unmetFaults).toBe(0);
  });

  it('does not mind one that has half of it, nor what an older one had', async () => {
    expect(await warningsAfter(9_000_000, 2_000_000)).toEqual([]);
  });

  it('calls a backup verified when only the answer of the manifest step was lost', async () => {
    backup(vault, 'alpha', SUNDAY);
    expect(await settle({ error: { Error: 'States.Timeout', Cause: '' } })).toMatchObject({ decision: 'done' });
    expect(written()).toMatchObject({ status: 'verified', warnings: [expect.stringContaining('not promoted')] });
  });

  it('goes by the record of the task, and orders tries after 30, 60 and 120 seconds', async () => {
    for (const [tries, waitSeconds] of [30, 60, 120].entries()) {
      failedTry(vault, 'alpha', SUNDAY, tries + 1, 'unreachable', minutesAfter(SUNDAY, tries + 1));
      expect(await settle({ tries, error: EXIT_1 })).toEqual({ decision: 'retry', waitSeconds, tries: tries + 1 });
      expect(written()).toBeNull();
    }
    expect(await settle({ tries: 3, error: EXIT_1 })).toEqual({ decision: 'done', waitSeconds: 0, tries: 4 });
    expect(written()).toMatchObject({ status: 'failed', tries: 4, failure: { reason: 'unreachable' } });
  });

  it('gives up at once where trying again cannot help', async () => {
    failedTry(vault, 'alpha', SUNDAY, 1, 'permission', minutesAfter(SUNDAY, 1));
    expect(await settle({ error: EXIT_1 })).toMatchObject({ decision: 'done' });
    expect(written()).toMatchObject({ status: 'failed', failure: { reason: 'permission', detail: 'try 1 of alpha' } });
  });

  it('does not take the record of an earlier attempt for one of this', async () => {
    failedTry(vault, 'alpha', SUNDAY, 1, 'auth', minutesAfter(SUNDAY, -60));
    await settle({ error: EXIT_1 });
    expect(written()).toMatchObject({ failure: { reason: 'internal' } });
  });

  it('tries again when the task was killed, though an earlier try left another reason', async () => {
    failedTry(vault, 'alpha', SUNDAY, 1, 'busy', minutesAfter(SUNDAY, 1));
    expect(await settle({ tries: 1, error: KILLED })).toMatchObject({ decision: 'retry', waitSeconds: 60 });
  });

  it('tries again when the task died after it left its receipt', async () => {
    const receipt = receiptOf('alpha', SUNDAY, Buffer.from('dump'));
    vault.put(tryKey(SUNDAY, 'alpha', 1), { result: 'receipt', receipt });
    expect(await settle({ error: KILLED })).toMatchObject({ decision: 'retry' });
  });

  it('does not dump again what is damaged in the vault', async () => {
    const error = { Error: 'Nightproof.damaged', Cause: JSON.stringify({ errorMessage: 'one byte differs' }) };
    expect(await settle({ error })).toMatchObject({ decision: 'done' });
    expect(written()).toMatchObject({ status: 'failed', failure: { reason: 'damaged', detail: 'one byte differs' } });
  });

  it('is the same when it is called twice', async () => {
    const key = manifestKey(backup(vault, 'alpha', SUNDAY));
    const first = await settle({ manifestKey: key });
    const before = written();
    expect(await settle({ manifestKey: key })).toEqual(first);
    expect(written()).toEqual(before);
  });

  describe('of a group', () => {
    const grouped = planOf([serverOf('all')]);
    const settleGroup = (facts: object) =>
      outcome({ vault, now: () => now })({ planKey: begun(vault, grouped), id: 'all', tries: 0, ...facts });
    const group = () => vault.json(outcomeKey(grouped, 'all'));

    it('is tried again like any other task', async () => {
      failedTry(vault, 'all', SUNDAY, 1, 'unreachable', minutesAfter(SUNDAY, 1));
      expect(await settleGroup({ error: EXIT_1 })).toEqual({ decision: 'retry', waitSeconds: 30, tries: 1 });
      expect(group()).toBeNull();
    });

    it('is written down when its task has failed for good', async () => {
      failedTry(vault, 'all', SUNDAY, 1, 'auth', minutesAfter(SUNDAY, 1));
      expect(await settleGroup({ error: EXIT_1 })).toMatchObject({ decision: 'done' });
      expect(group()).toMatchObject({ status: 'failed', sourceId: 'all', failure: { reason: 'auth' }, tries: 1 });
    });

    it('is not taken for verified because of something that lies under its name', async () => {
      backup(vault, 'all', SUNDAY);
      failedTry(vault, 'all', SUNDAY, 1, 'auth', minutesAfter(SUNDAY, 1));
      await settleGroup({ error: EXIT_1 });
      expect(group()).toMatchObject({ status: 'failed' });
    });
  });

  it('writes down a source that was found, with the counts of its kind', async () => {
    const grouped = planOf([datedFoldersOf('rpps')]);
    const folder = datedFolderOf('rpps', '2026-04-15');
    const name = artifactOf(folder, SUNDAY);
    const body = Buffer.from('tar');
    const receipt = treeReceiptOf('datedFolder', name, body);
    const document = {
      ...manifestOf('rpps', SUNDAY, body),
      kind: 'datedFolder',
      tier: 'archive',
      key: artifactKey(name),
      receipt,
    };
    planKey = begun(vault, grouped);
    vault.put(foundKey(grouped), { ...NOTHING_FOUND, sources: [folder] });
    vault.put(manifestKey(artifactKey(name)), document);

    const settling = outcome({ vault, now: () => now })({
      planKey,
      id: folder.id,
      tries: 0,
      manifestKey: manifestKey(artifactKey(name)),
    });
    expect(await settling).toMatchObject({ decision: 'done' });

    expect(vault.json(outcomeKey(grouped, folder.id))).toMatchObject({
      status: 'verified',
      sourceId: 'rpps_2026-04-15',
      manifestKey: 'archive/rpps_2026-04-15.tar.gz.manifest.json',
      counts: { of: 'tree', files: 3, bytes: 2048 },
    });
  });

  it('refuses a payload with a key that it does not know', async () => {
    await expect(settle({ manifest: 'x' })).rejects.toThrow(/manifest/);
  });
});
