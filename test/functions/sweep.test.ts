import { beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/sweep/sweep.ts';
import { artifactKey, manifestKey, planKey, runRecordKey, sweepKey } from '../../lib/domain/backup/keys.ts';
import type { OpenUpload } from '../../lib/domain/retention/sweep.ts';
import { SweepRecord } from '../../lib/domain/retention/sweep-record.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, planOf, sourceOf } from '../support/night.ts';

const TONIGHT = '20260419_020000' as Slot;
const LAST_WEEK = '20260412_020000' as Slot;
const at = (text: string): Date => new Date(text);

const orphan = (slot: Slot): string => artifactKey({ tier: 'daily', sourceId: 'alpha', slot, format: 'dump' });

describe('the sweep', () => {
  let vault: MemoryVault;
  let uploads: OpenUpload[];
  let aborted: string[];
  let key: string;

  const run = (now = at('2026-04-19T02:30:00Z')) =>
    sweep({
      vault,
      uploads: {
        async *list() {
          yield* uploads;
        },
        abort: async ({ uploadId }) => {
          aborted.push(uploadId);
        },
      },
      now: () => now,
    })({ planKey: key });

  beforeEach(() => {
    vault = new MemoryVault();
    uploads = [];
    aborted = [];
    vault.clock = () => at('2026-04-12T02:10:00Z');
    backup(vault, 'alpha', '20260411_020000' as Slot);
    vault.clock = () => at('2026-04-19T02:00:30Z');
    key = begun(vault, planOf([sourceOf('alpha')], { slot: TONIGHT }));
  });

  const leaveOrphan = (slot: Slot, lastModified: string): string => {
    const now = vault.clock;
    vault.clock = () => at(lastModified);
    vault.put(orphan(slot), 'half a night');
    vault.clock = now;
    return orphan(slot);
  };

  it('removes an artifact that never got a manifest, once no run can be working on it', async () => {
    const left = leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    expect(await run()).toEqual({ removed: 1, aborted: 0 });
    expect(vault.keys('daily/')).not.toContain(left);
    expect(vault.keys('daily/')).toHaveLength(2);
  });

  it.each(['daily', 'weekly', 'monthly', 'yearly', 'archive'] as const)('looks through the tier %s', async (tier) => {
    vault.clock = () => at('2026-04-12T02:10:00Z');
    const left = artifactKey({ tier, sourceId: 'beta', slot: '20260412_000000' as Slot, format: 'tar.gz' });
    vault.put(left, 'half a night');
    expect(await run()).toEqual({ removed: 1, aborted: 0 });
    expect(vault.keys(`${tier}/beta`)).toEqual([]);
  });

  it('leaves what a run may still be writing', async () => {
    const fresh = leaveOrphan(TONIGHT, '2026-04-19T02:10:00Z');
    expect(await run()).toEqual({ removed: 0, aborted: 0 });
    expect(vault.keys('daily/')).toContain(fresh);
  });

  it('aborts uploads that were begun before any run that can be alive, and no younger one', async () => {
    uploads = [
      { key: orphan(LAST_WEEK), uploadId: 'old', initiated: at('2026-04-12T02:01:00Z') },
      { key: orphan(TONIGHT), uploadId: 'young', initiated: at('2026-04-19T02:01:00Z') },
      { key: 'other/thing', uploadId: 'not-ours', initiated: at('2026-04-01T00:00:00Z') },
    ];
    expect(await run()).toEqual({ removed: 0, aborted: 1 });
    expect(aborted).toEqual(['old']);
  });

  it('removes nothing while another run is alive: it may adopt what an earlier one left', async () => {
    leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    begun(vault, planOf([sourceOf('alpha')], { slot: '20260419_021500' as Slot }));
    expect(await run()).toEqual({ removed: 0, aborted: 0 });
    expect(vault.keys('daily/')).toContain(orphan(LAST_WEEK));
  });

  it('does not wait for a run that has left its record', async () => {
    leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    const other = planOf([sourceOf('alpha')], { slot: '20260419_021500' as Slot });
    begun(vault, other);
    vault.put(runRecordKey(other), {});
    expect(await run()).toEqual({ removed: 1, aborted: 0 });
  });

  it('looks a manifest up once more before it removes what the listing showed without one', async () => {
    const left = leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    vault.head = async (wanted) => (wanted === manifestKey(left) ? { key: wanted, bytes: 1 } : undefined);
    expect(await run()).toEqual({ removed: 0, aborted: 0 });
    expect(vault.keys('daily/')).toContain(left);
  });

  it('has written down a reason for each key before the first one goes', async () => {
    const left = leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    await run();
    const { decisions } = SweepRecord.parse(vault.json(sweepKey({ slot: TONIGHT, attempt: 1 })));
    expect(decisions).toEqual([
      { key: left, action: 'remove', reason: { code: 'no-manifest', text: expect.stringContaining('no manifest since') } },
    ]);
  });

  it('removes in a repeated call nothing that the record does not name', async () => {
    await run();
    const late = leaveOrphan(LAST_WEEK, '2026-04-12T02:10:00Z');
    expect(await run()).toEqual({ removed: 0, aborted: 0 });
    expect(vault.keys('daily/')).toContain(late);
  });

  it('is sent to read nothing but plans', async () => {
    key = planKey({ slot: TONIGHT, attempt: 9 });
    await expect(run()).rejects.toMatchObject({ reason: 'storage' });
  });
});
