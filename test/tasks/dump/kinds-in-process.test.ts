import { randomBytes } from 'node:crypto';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TryRecord } from '../../../lib/domain/backup/receipt.ts';
import type { Source } from '../../../lib/domain/source/source.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';
import { configFilesOf, datedFolderOf, filesOf, globalsOf } from '../../support/sources.ts';
import { messages, TaskStand } from '../../support/task-stand.ts';
import { plant } from '../../support/tree-rig.ts';

const MIB = 1024 ** 2;

let stand: TaskStand;
let recipients: string[];
const volume = scratchFolderUntilEnd();
let tests = 0;

beforeAll(async () => {
  stand = await TaskStand.start();
  await stand.server.database('shop', 'CREATE TABLE t AS SELECT generate_series(1, 100)');
  await stand.secret('shop-secret', stand.server.secret());
  recipients = [await identityToRecipient(await generateIdentity())];
  plant(volume, {
    'media/noise': randomBytes(12 * MIB),
    'media/more noise': randomBytes(12 * MIB),
    'media/small': 'x',
    'annuaire/2026-04-15/rpps.csv': 'a;b',
    'etc/.env': 'PASSWORD=CANARY',
  });
});
afterAll(() => stand.stop());

/** A source of each kind; those with two objects have a list of members beside them. */
const KINDS: readonly [string, number, (id: string) => Source][] = [
  ['an encrypted database', 1, (id) => stand.server.source('shop', { id, recipients })],
  ['globals', 1, (id) => ({ ...globalsOf(id), connection: stand.server.source('shop').connection })],
  ['files', 2, (id) => filesOf(id, { folder: 'media' })],
  ['configuration files', 2, (id) => configFilesOf(id, { folder: 'etc', recipients })],
  ['a dated folder', 2, (id) => datedFolderOf(id, '2026-04-15', { folder: 'annuaire' })],
];

/** Keys of what a receipt speaks of. */
function namedBy(record: TryRecord | undefined): string[] {
  if (record?.result !== 'receipt') return ['a receipt'];
  const { key, contents } = record.receipt;
  return 'members' in contents ? [key, contents.members.key] : [key];
}

describe.each(KINDS)('the task, for %s,', (_, objects, sourceOf) => {
  const source = (): Source => sourceOf(`kind-${++tests}`);

  it('stores it, and says so without a secret', async () => {
    const job = source();
    const { code, output } = await stand.run(job, { volume });
    expect(messages(output)).toEqual(['Dump:Started', 'Preflight:Passed', 'Dump:Streaming', 'Dump:Completing', 'Dump:Stored']);
    expect(code).toBe(0);
    const traces = await stand.traces(job);
    expect(traces).toMatchObject({ openUploads: [], records: [{ result: 'receipt', receipt: { sourceId: job.id } }] });
    expect(traces.objects).toHaveLength(objects);
    expect(output + JSON.stringify(traces)).not.toMatch(/CANARY|SCRAM/);
    expect(stand.tempFiles()).toEqual([]);
  });

  it('makes it once, when the first try died right before it completed it', async () => {
    const job = source();
    expect(await stand.run(job, { volume, scene: 'dies-before-complete' })).toMatchObject({ signal: 'SIGKILL' });
    expect((await stand.traces(job)).openUploads).toHaveLength(1);

    expect(await stand.run(job, { volume })).toMatchObject({ code: 0 });
    const traces = await stand.traces(job);
    expect(traces).toMatchObject({ openUploads: [], records: [{ result: 'receipt' }, { result: 'receipt' }] });
    const [, second] = traces.records;
    expect(traces.objects).toEqual(expect.arrayContaining(namedBy(second)));
    expect(await stand.versions(job)).toBe(traces.objects.length);
  });

  it('adopts it, when the first try died right after it completed it', async () => {
    const job = source();
    expect(await stand.run(job, { volume, scene: 'dies-after-complete' })).toMatchObject({ signal: 'SIGKILL' });
    const first = await stand.traces(job);
    expect(first.objects).toHaveLength(objects);

    const { code, output } = await stand.run(job, { volume });
    expect(messages(output)).toEqual(['Dump:Started', 'Dump:Adopted']);
    expect(code).toBe(0);
    expect(await stand.traces(job)).toEqual(first);
    expect(await stand.versions(job)).toBe(objects);
  });
});

it('the task, told to stop in the middle of a tree, ends with 143 and leaves nothing', async () => {
  const job = filesOf('stopped', { folder: 'media' });
  expect(await stand.run(job, { volume, scene: 'is-stopped' })).toMatchObject({ code: 143, signal: null });
  expect(await stand.traces(job)).toMatchObject({
    objects: [],
    openUploads: [],
    records: [{ failure: { reason: 'cancelled' } }],
  });
  expect(stand.tempFiles()).toEqual([]);
});
