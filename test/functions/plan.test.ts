import { describe, expect, it } from 'vitest';
import { plan } from '../../functions/plan/plan.ts';
import { jobsKey, planKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import { Plan } from '../../lib/domain/run/plan.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, configOf, execution, minutesAfter, SUNDAY, sourceOf } from '../support/night.ts';
import { datedFoldersOf, serverOf } from '../support/sources.ts';

const config = configOf([sourceOf('alpha'), sourceOf('beta'), sourceOf('rarely', { enabled: false })]);
const NIGHTLY = { scheduledTime: '2026-04-19T02:00:00Z' };
const FIRST = { slot: SUNDAY, attempt: 1 };
const SECOND = { slot: SUNDAY, attempt: 2 };

function night() {
  const vault = new MemoryVault();
  const start = (by: string, facts: { input?: unknown; minutes?: number } = {}) => {
    const now = minutesAfter(SUNDAY, facts.minutes ?? 1);
    const step = plan({ vault, config, now: () => now });
    return step({ input: facts.input ?? NIGHTLY, execution: execution(by), startedAt: now.toISOString() });
  };
  const finish = (attempt: number) => vault.put(runRecordKey({ slot: SUNDAY, attempt }), {});
  return { vault, start, finish };
}

describe('plan', () => {
  it('claims the slot and writes a job for every enabled source', async () => {
    const { vault, start } = night();

    expect(await start('a')).toEqual({
      claimed: true,
      slot: SUNDAY,
      attempt: 1,
      planKey: planKey(FIRST),
      jobsKey: jobsKey(FIRST),
      jobs: 2,
      groups: [],
    });

    expect(vault.json(jobsKey(FIRST))).toEqual([
      { id: 'alpha', task: 'plain' },
      { id: 'beta', task: 'plain' },
    ]);
    const written = Plan.parse(vault.json(planKey(FIRST)));
    expect(written).toMatchObject({ execution: execution('a'), trigger: 'schedule', timeZone: 'Europe/Paris', weeklyDay: 'SUN' });
    expect(Date.parse(written.leaseUntil) - Date.parse(written.claimedAt)).toBe(13 * 3_600_000);
  });

  it('lets one of two starts of a slot go on, and tells the other who owns it since when', async () => {
    const { start } = night();
    const both = await Promise.all([start('a'), start('b')]);

    expect(both.filter(({ claimed }) => claimed)).toHaveLength(1);
    const [loser] = both.filter(({ claimed }) => !claimed);
    expect(loser).toMatchObject({
      claimed: false,
      reason: expect.stringMatching(/belongs to arn:.*:[ab] since 2026-04-19T02:01/),
    });
  });

  it('finds its own claim when it is called again, whether or not the job list was written', async () => {
    const { vault, start } = night();
    vault.failing('putOnce', 'jobs');
    await expect(start('a')).rejects.toMatchObject({ name: 'Nightproof.storage' });
    expect(vault.keys()).toEqual([planKey(FIRST)]);

    const again = await start('a');
    expect(again).toMatchObject({ claimed: true, attempt: 1, jobs: 2 });
    expect(await start('a')).toEqual(again);
    expect(vault.json(jobsKey(FIRST))).toHaveLength(2);
    expect(vault.unmetFaults).toBe(0);
  });

  it('goes on when its write arrived but the answer was lost', async () => {
    const { vault, start } = night();
    const write = vault.putOnce.bind(vault);
    vault.putOnce = async (key, document) => {
      await write(key, document);
      return key === planKey(FIRST) ? 'exists' : 'written';
    };
    expect(await start('a')).toMatchObject({ claimed: true, attempt: 1 });
  });

  it('dumps after a failed attempt only what is not verified yet', async () => {
    const { vault, start, finish } = night();
    await start('a');
    backup(vault, 'alpha', SUNDAY);
    finish(1);

    expect(await start('b', { minutes: 90 })).toMatchObject({ claimed: true, attempt: 2, jobs: 1 });

    expect(vault.json(jobsKey(SECOND))).toEqual([{ id: 'beta', task: 'plain' }]);
    expect(Plan.parse(vault.json(planKey(SECOND)))).toMatchObject({ alreadyVerified: ['alpha'] });
  });

  it('has nothing to do in a slot that is complete', async () => {
    const { vault, start, finish } = night();
    await start('a');
    for (const id of ['alpha', 'beta']) backup(vault, id, SUNDAY);
    finish(1);

    expect(await start('b')).toMatchObject({ claimed: false, reason: expect.stringContaining('is complete') });
    expect(vault.keys('runs/')).not.toContain(planKey(SECOND));
  });

  it('takes over from an owner that cannot be alive any more, so that its night is reported after all', async () => {
    const { vault, start } = night();
    await start('a');
    for (const id of ['alpha', 'beta']) backup(vault, id, SUNDAY);

    expect(await start('b', { minutes: 13 * 60 })).toMatchObject({ claimed: false });
    expect(await start('b', { minutes: 13 * 60 + 2 })).toMatchObject({ claimed: true, attempt: 2, jobs: 0 });
  });

  it('waits for the newest attempt, however many there were', async () => {
    const { start, finish } = night();
    await start('a');
    finish(1);
    await start('b');
    expect(await start('c')).toMatchObject({ claimed: false, reason: expect.stringContaining(execution('b')) });
    finish(2);
    expect(await start('c')).toMatchObject({ claimed: true, attempt: 3, jobs: 2 });
  });

  it('finishes an earlier slot that is named by hand, one disabled source if that is asked for', async () => {
    const { vault, start, finish } = night();
    await start('a');
    finish(1);
    const input = { slot: SUNDAY, sources: ['rarely'], reason: 'wanted too' };

    expect(await start('b', { input, minutes: 600 })).toMatchObject({ claimed: true, slot: SUNDAY, attempt: 2, jobs: 1 });
    expect(Plan.parse(vault.json(planKey(SECOND)))).toMatchObject({ trigger: 'manual', reason: 'wanted too' });
  });

  describe('of sources that are found at run time', () => {
    const groups = configOf([sourceOf('alpha'), serverOf('all'), datedFoldersOf('rpps', { plan: 'media' })], {
      schedules: { media: { cron: '0 3 * * SUN', timeZone: 'UTC', enabled: true, startTolerance: '1h' } },
      notCovered: ['redis'],
    });
    const startGroups = (vault: MemoryVault, input: object, by = 'a') =>
      plan({ vault, config: groups, now: () => minutesAfter(SUNDAY, 1) })({
        input,
        execution: execution(by),
        startedAt: minutesAfter(SUNDAY, 1).toISOString(),
      });

    it('names the groups to look into, and leaves the job list to the step that knows them all', async () => {
      const { vault } = night();
      expect(await startGroups(vault, NIGHTLY)).toMatchObject({ claimed: true, jobs: 1, groups: [{ id: 'all', task: 'plain' }] });
      expect(vault.keys()).toEqual([planKey(FIRST)]);
      expect(Plan.parse(vault.json(planKey(FIRST)))).toMatchObject({ notCovered: ['redis'], timeZone: 'Europe/Paris' });
    });

    it('claims the slot of another plan apart, by its own zone', async () => {
      const { vault } = night();
      await startGroups(vault, NIGHTLY);
      const media = await startGroups(vault, { ...NIGHTLY, plan: 'media' }, 'b');
      expect(media).toMatchObject({ claimed: true, attempt: 1, jobs: 0, groups: [{ id: 'rpps', task: 'media' }] });
      const key = planKey({ ...FIRST, plan: 'media' });
      expect(Plan.parse(vault.json(key))).toMatchObject({ plan: 'media', timeZone: 'UTC', execution: execution('b') });
    });

    it('is begun again after it ended, since nobody knows whether there is more by now', async () => {
      const { vault } = night();
      await startGroups(vault, NIGHTLY);
      backup(vault, 'alpha', SUNDAY);
      vault.put(runRecordKey(FIRST), {});
      expect(await startGroups(vault, { slot: SUNDAY }, 'b')).toMatchObject({ claimed: true, attempt: 2, jobs: 0 });
    });
  });

  it('writes down how late a scheduled run started', async () => {
    const { vault, start } = night();
    await start('a', { minutes: 30 });
    expect(Plan.parse(vault.json(planKey(FIRST)))).toMatchObject({ lateSeconds: 1800 });
  });

  it('refuses to finish a slot that was never begun, since a dump made now is no backup of that night', async () => {
    const { vault, start } = night();
    await expect(start('a', { input: { slot: '20260418_020000' } })).rejects.toMatchObject({ name: 'Nightproof.InputRefused' });
    expect(vault.keys()).toEqual([]);
  });

  it('writes nothing when it refuses its input', async () => {
    const { vault, start } = night();
    await expect(start('a', { input: { sources: ['../x'] } })).rejects.toMatchObject({ name: 'Nightproof.InputRefused' });
    expect(vault.keys()).toEqual([]);
  });
});
