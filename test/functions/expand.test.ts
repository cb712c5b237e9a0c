import { beforeEach, describe, expect, it } from 'vitest';
import { expand } from '../../functions/expand/expand.ts';
import { foundKey, jobsKey, manifestKey } from '../../lib/domain/backup/keys.ts';
import { artifactKeyOf } from '../../lib/domain/source/artifact-of.ts';
import { Found, type FoundSource, type GroupFindings } from '../../lib/domain/source/found.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, minutesAfter, planOf, SUNDAY, sourceOf } from '../support/night.ts';
import { datedFolderOf, datedFoldersOf, serverOf } from '../support/sources.ts';

const plan = planOf([sourceOf('app'), serverOf('all'), datedFoldersOf('rpps')]);
const database = (name: string): FoundSource => ({ ...sourceOf(`all-${name}`), database: name, foundBy: 'all' });

const findingsOf = (groupId: string, sources: FoundSource[], notes: string[] = []): GroupFindings => ({
  version: 1,
  groupId,
  at: minutesAfter(SUNDAY, 2).toISOString(),
  sources,
  present: sources.map(({ id }) => id),
  notes,
});

let vault: MemoryVault;
let planKey: string;
const run = () => expand({ vault })({ planKey });
const found = () => Found.parse(vault.json(foundKey(plan)));
const report = (groupId: string, sources: FoundSource[], notes?: string[]) =>
  vault.put(foundKey(plan, groupId), findingsOf(groupId, sources, notes));

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, plan);
});

describe('expand', () => {
  it('puts together what the groups found, in the order of the plan, and writes the job list', async () => {
    report('rpps', [datedFolderOf('rpps', '2026-04-15')]);
    report('all', [database('crm'), database('wiki')], ['wiki is new']);

    expect(await run()).toEqual({ jobs: 4 });

    expect(found()).toEqual({
      version: 1,
      sources: [database('crm'), database('wiki'), datedFolderOf('rpps', '2026-04-15')],
      alreadyVerified: [],
      failedGroups: [],
      notes: [{ groupId: 'all', text: 'wiki is new' }],
    });
    expect(vault.json(jobsKey(plan))).toEqual([
      { id: 'app', task: 'plain' },
      { id: 'all-crm', task: 'plain' },
      { id: 'all-wiki', task: 'plain' },
      { id: 'rpps_2026-04-15', task: 'media' },
    ]);
  });

  it('goes on without a group whose task failed, and says which', async () => {
    report('rpps', []);
    expect(await run()).toEqual({ jobs: 1 });
    expect(found()).toMatchObject({ sources: [], failedGroups: ['all'] });
  });

  it('does not ask for what an earlier attempt verified, nor for a folder that lies in the archive', async () => {
    report('all', [database('crm'), database('wiki')]);
    report('rpps', [datedFolderOf('rpps', '2026-04-14'), datedFolderOf('rpps', '2026-04-15')]);
    backup(vault, 'all-crm', SUNDAY);
    vault.put(manifestKey(artifactKeyOf(datedFolderOf('rpps', '2026-04-14'), SUNDAY)), {});

    expect(await run()).toEqual({ jobs: 3 });

    expect(found().alreadyVerified).toEqual(['all-crm', 'rpps_2026-04-14']);
    expect(vault.json(jobsKey(plan))).toEqual(
      ['app', 'all-wiki', 'rpps_2026-04-15'].map((id) => expect.objectContaining({ id })),
    );
  });

  it('takes no artifact without a manifest for a backup', async () => {
    report('all', [database('crm')]);
    report('rpps', []);
    vault.put(artifactKeyOf(database('crm'), SUNDAY), 'half a dump');
    expect(await run()).toEqual({ jobs: 2 });
  });

  it('goes by what its first call saw when it is called again, though there is more now', async () => {
    report('rpps', []);
    const first = await run();
    const before = [vault.json(foundKey(plan)), vault.json(jobsKey(plan))];
    report('all', [database('crm')]);
    backup(vault, 'app', SUNDAY);

    expect(await run()).toEqual(first);

    expect([vault.json(foundKey(plan)), vault.json(jobsKey(plan))]).toEqual(before);
  });

  it('finishes what a call began that died between its two writes, by what that one saw', async () => {
    report('rpps', []);
    vault.failing('putOnce', 'jobs');
    await expect(run()).rejects.toMatchObject({ name: 'Nightproof.storage' });
    report('all', [database('crm')]);

    expect(await run()).toEqual({ jobs: 1 });

    expect(vault.unmetFaults).toBe(0);
    expect(vault.json(jobsKey(plan))).toEqual([{ id: 'app', task: 'plain' }]);
  });

  it('reads the findings of its own attempt only', async () => {
    const second = planOf(plan.sources, { attempt: 2 });
    report('all', [database('crm')]);
    planKey = begun(vault, second);
    expect(await run()).toEqual({ jobs: 1 });
    expect(Found.parse(vault.json(foundKey(second))).failedGroups).toEqual(['all', 'rpps']);
  });

  it.each([
    ['the plan', 'readJson', 'plan.json'],
    ['the findings of a group', 'readJson', 'all.found'],
    ['whether something is verified', 'head', 'all-crm'],
  ] as const)('writes nothing when it cannot read %s', async (_, operation, key) => {
    report('all', [database('crm')]);
    vault.failing(operation, key);
    await expect(run()).rejects.toMatchObject({ name: 'Nightproof.storage' });
    expect(vault.unmetFaults).toBe(0);
    expect(vault.keys()).toEqual([foundKey(plan, 'all'), planKey].sort());
  });

  it('refuses findings with a source of a kind that no group finds', async () => {
    vault.put(foundKey(plan, 'all'), { ...findingsOf('all', []), sources: [serverOf('other')] });
    await expect(run()).rejects.toThrow();
  });
});
