import { beforeAll, beforeEach, expect, it } from 'vitest';
import { endPatrol } from '../../../functions/end-patrol/end-patrol.ts';
import { planPatrol } from '../../../functions/plan-patrol/plan-patrol.ts';
import { DamageRecord } from '../../../lib/domain/backup/damage.ts';
import { damagedKey } from '../../../lib/domain/backup/keys.ts';
import { patrolFindingsKey, patrolRecordKey } from '../../../lib/domain/backup/operation-keys.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { PatrolFindings, PatrolRecord } from '../../../lib/domain/patrol/patrol-plan.ts';
import type { Metric } from '../../../lib/domain/run/night-metrics.ts';
import { InputRefused } from '../../../lib/domain/run/refused-input.ts';
import { listBackups } from '../../../lib/runtime/backups.ts';
import { type PatrolDependencies, patrolTask } from '../../../tasks/patrol/patrol-task.ts';
import { type Corpus, type CorpusBackup, makeCorpus } from '../../support/corpus-backups.ts';
import { CorpusVault } from '../../support/corpus-vault.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const NAME = 'patrol-1';
const folder = scratchFolderUntilEnd();
const now = () => new Date('2026-12-01T06:10:00Z');
let corpus: Corpus;
let vault: CorpusVault;
let log: string[];
let mails: { readonly subject: string; readonly body: string }[];
let figures: readonly Metric[];

beforeAll(async () => {
  corpus = await makeCorpus(folder, 1, ['dump gzip', 'globals', 'tree gzip']);
}, 120_000);
beforeEach(() => {
  vault = new CorpusVault(new Map(corpus.backups.flatMap(({ objects }) => [...objects])), new SeededRandom(1));
  log = [];
  mails = [];
  figures = [];
});

const planned = (input: unknown, name = NAME) =>
  planPatrol({ vault, share: '100%' })({ input, execution: `arn:${name}`, name, startedAt: now().toISOString() });

const read = (patrolKey: string, facts: Partial<PatrolDependencies> = {}) =>
  patrolTask(patrolKey, {
    vault,
    clients: [corpus.client],
    now,
    stop: new AbortController().signal,
    report: {
      started: ({ keys }) => log.push(`started ${keys.length}`),
      checked: ({ key, result }) => log.push(`${result} ${key}`),
      unrecorded: (key) => log.push(`unrecorded ${key}`),
      failed: ({ reason }) => log.push(`failed ${reason}`),
    },
    ...facts,
  });

const ended = (patrolKey: string, error?: object) =>
  endPatrol({
    vault,
    notifier: { send: async (mail) => void mails.push(mail) },
    metrics: {
      publish: async (metrics) => {
        figures = metrics;
      },
    },
    now,
  })({ patrolKey, ...(error && { error }) });

/** One bit of its bytes, that the store does not notice. */
async function rot({ key, objects }: CorpusBackup): Promise<void> {
  const bytes = Buffer.from(objects.get(key) as Buffer);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await vault.rot(key, bytes);
}

const backupAt = (n: number) => corpus.backups[n] as CorpusBackup;
const figure = (name: string) => figures.find((one) => one.name === name)?.value;

it('reads every backup again, and has nothing to tell where all are intact', async () => {
  const { patrolKey, keys } = await planned({ scheduledTime: '2026-12-01T06:00:00Z' });
  expect(keys).toBe(corpus.backups.length);
  expect(await read(patrolKey)).toBe(0);
  expect(await ended(patrolKey)).toEqual({ status: 'intact', checked: keys });
  expect(mails).toEqual([]);
  expect([figure('BackupsChecked'), figure('BackupsDamaged')]).toEqual([keys, 0]);
  expect(figure('BytesChecked')).toBe(corpus.backups.reduce((sum, { manifest }) => sum + manifest.receipt.bytes, 0));
});

it('writes beside a damaged backup that it is one, which counts as none from then on, and tells people what to do', async () => {
  const rotten = backupAt(0);
  await rot(rotten);
  const { patrolKey } = await planned({ share: '100%' });
  expect(await read(patrolKey)).toBe(0);
  expect(await vault.readJson(damagedKey(rotten.key), DamageRecord)).toMatchObject({ key: rotten.key, foundBy: 'patrol' });
  const listed = await listBackups(vault, rotten.source.id, ['daily']);
  expect(listed).toMatchObject([{ key: rotten.key, damaged: true }]);

  expect(await ended(patrolKey)).toMatchObject({ status: 'damaged' });
  expect(mails).toMatchObject([{ subject: 'nightproof DAMAGED: 1 backup found by the patrol' }]);
  expect(mails[0]?.body).toContain(rotten.key);
  expect(mails[0]?.body).toMatch(/SHA-256\s+[0-9a-f]{64}[\s\S]*nightproof run ID/);
  expect(figure('BackupsDamaged')).toBe(1);
  const record = await vault.readJson(patrolRecordKey(NAME), PatrolRecord);
  expect(record).toMatchObject({ status: 'damaged', damaged: [{ key: rotten.key }], unread: [] });

  // and the next patrol does not read it again
  expect(await planned({ share: '100%' }, 'next')).toMatchObject({ keys: corpus.backups.length - 1 });
});

it('does not call damaged what it cannot read, and says that nothing is known of it', async () => {
  const { key } = backupAt(1);
  vault.failing('head', key, 99);
  const { patrolKey } = await planned({ keys: [key] });
  expect(await read(patrolKey)).toBe(0);
  expect(vault.keys().filter((one) => one.endsWith('.damaged.json'))).toEqual([]);
  expect(await ended(patrolKey)).toEqual({ status: 'failed', checked: 0 });
  expect(mails[0]?.subject).toBe('nightproof FAILED: the patrol could not read 1 backup');
  expect(mails[0]?.body).toContain(`  ${key}\n`);
});

it('tells of the damage also where it cannot be written down beside the backup', async () => {
  const rotten = backupAt(2);
  await rot(rotten);
  vault.failing('putOnce', '.damaged.json');
  const { patrolKey } = await planned({ keys: [rotten.key] });
  expect(await read(patrolKey)).toBe(0);
  expect(log).toContain(`unrecorded ${rotten.key}`);
  expect(await ended(patrolKey)).toEqual({ status: 'damaged', checked: 1 });
});

it('writes down what it has when it is told to stop, and the rest is not read', async () => {
  const stop = new AbortController();
  const { patrolKey, keys } = await planned({ share: '100%' });
  const report: PatrolDependencies['report'] = {
    started: () => undefined,
    checked: () => stop.abort(new Failure('cancelled', 'told to stop')),
    unrecorded: () => undefined,
    failed: () => undefined,
  };
  expect(await read(patrolKey, { stop: stop.signal, report })).toBe(143);
  expect((await vault.readJson(patrolFindingsKey(NAME), PatrolFindings))?.findings).toHaveLength(1);
  expect(await ended(patrolKey)).toEqual({ status: 'failed', checked: 1 });
  const record = await vault.readJson(patrolRecordKey(NAME), PatrolRecord);
  expect(record?.unread).toHaveLength(keys - 1);
});

it('does nothing twice: what an earlier try found, or an earlier call decided, stands', async () => {
  const { patrolKey } = await planned({ keys: [backupAt(0).key] });
  expect(await planned({ share: '100%' })).toEqual({ patrolKey, keys: 1 });
  expect(await read(patrolKey)).toBe(0);
  log = [];
  expect(await read(patrolKey)).toBe(0);
  expect(log).toEqual([]);
  await ended(patrolKey);
  expect(await ended(patrolKey)).toMatchObject({ status: 'intact' });
});

it('fails where the task left nothing, with the reason that the state machine caught', async () => {
  const { patrolKey } = await planned({ keys: [backupAt(0).key] });
  const error = {
    Error: 'States.TaskFailed',
    Cause: '{"StopCode":"EssentialContainerExited","StoppedReason":"OutOfMemory","Containers":[{"ExitCode":137}]}',
  };
  expect(await ended(patrolKey, error)).toEqual({ status: 'failed', checked: 0 });
  expect(mails[0]?.body).toContain('It ended early');
});

it.each(['notifier', 'metrics'])('throws when the %s fails, after it has tried the other', async (broken) => {
  const rotten = backupAt(0);
  await rot(rotten);
  const { patrolKey } = await planned({ keys: [rotten.key] });
  await read(patrolKey);
  const told: string[] = [];
  const tell = (what: string) => async () => {
    if (what === broken) throw new Error('down');
    told.push(what);
  };
  const step = endPatrol({ vault, notifier: { send: tell('notifier') }, metrics: { publish: tell('metrics') }, now });
  await expect(step({ patrolKey })).rejects.toMatchObject({ name: 'Nightproof.internal' });
  expect(told).toHaveLength(1);
});

it('tries again where the vault does not answer', async () => {
  const { patrolKey } = await planned({ keys: [backupAt(0).key] });
  vault.failing('readJson', patrolKey);
  expect(await read(patrolKey)).toBe(75);
  expect(log).toEqual(['failed storage']);
});

it('refuses names and inputs that it cannot work by', async () => {
  await expect(planned({ share: '100%' }, '../elsewhere')).rejects.toThrow(InputRefused);
  await expect(planned({})).rejects.toThrow(InputRefused);
});
