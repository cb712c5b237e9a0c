import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { manifest } from '../../functions/manifest/manifest.ts';
import { outcome } from '../../functions/outcome/outcome.ts';
import { plan } from '../../functions/plan/plan.ts';
import { promote } from '../../functions/promote/promote.ts';
import { report } from '../../functions/report/report.ts';
import { retain } from '../../functions/retain/retain.ts';
import { verify } from '../../functions/verify/verify.ts';
import { manifestKey, runRecordKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import { crc32ToBase64 } from '../../lib/domain/backup/receipt.ts';
import { factsOf } from '../../lib/domain/outcomes.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import type { ArchiveLister } from '../../lib/runtime/pg-restore-list.ts';
import { configOf, execution, manifestOf, minutesAfter, receiptOf, SUNDAY, slotBefore, sourceOf } from '../support/night.ts';
import { VaultRig } from '../support/vault-rig.ts';

/** All steps over the real store, called in the order of the state machine and with its payloads. */
const NIGHTLY = { scheduledTime: '2026-04-19T02:00:00Z' };
const config = configOf([sourceOf('alpha'), sourceOf('beta')]);

let store: VaultRig;
let mails: string[];
let minute: number;
beforeEach(async () => {
  mails = [];
  minute = 1;
  store = await VaultRig.start();
});
afterEach(() => store?.stop());

const now = () => minutesAfter(SUNDAY, minute++);
/** The receipts speak of one table, and so does the list; real archives are the business of verify's own test. */
const lister = (): ArchiveLister => ({
  feed: async () => true,
  finish: async () => ({ entries: 12, tableData: ['public orders postgres'], largeObjects: false }),
  stop: async () => undefined,
});

function steps() {
  const parts = { vault: store.vault, now };
  const notifier = { send: async ({ body }: { body: string }) => void mails.push(body) };
  const metrics = { publish: async () => undefined };
  return {
    plan: plan({ ...parts, config }),
    verify: verify({ ...parts, lister, readBackLimitBytes: Number.POSITIVE_INFINITY }),
    manifest: manifest(parts),
    promote: promote(parts),
    outcome: outcome(parts),
    retain: retain(parts),
    report: report({ ...parts, notifier, metrics, offsiteStatus: async () => ({ objects: 0, copied: 0, warnings: [] }) }),
  };
}

const start = (by: string, input: object = NIGHTLY) =>
  steps().plan({ input, execution: execution(by), startedAt: now().toISOString() });

async function stored(key: string, body: Buffer, crc32: string): Promise<void> {
  await store.s3.send(new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: body, ChecksumCRC32: crc32ToBase64(crc32) }));
}

/** What a dump task leaves: a receipt, then the object. */
async function dumped(id: string, n: number): Promise<void> {
  const body = Buffer.from(`dump ${n} of ${id}`);
  const receipt = receiptOf(id, SUNDAY, body);
  await store.vault.putOnce(tryKey(SUNDAY, id, n), { result: 'receipt', receipt });
  await stored(receipt.key, body, receipt.crc32);
}

async function earlier(id: string, slot: Slot): Promise<void> {
  const body = Buffer.from(`dump of ${id} at ${slot}`);
  const document = manifestOf(id, slot, body);
  await stored(document.key, body, document.receipt.crc32);
  await store.vault.putOnce(manifestKey(document.key), document);
}

/** Each step twice: Lambda and Step Functions may call again what already happened. */
async function twice<T>(step: () => Promise<T>): Promise<T> {
  await step();
  return step();
}

async function settleVerified(planKey: string, id: string) {
  const job = { planKey, id };
  const verification = await twice(() => steps().verify(job));
  const committed = await twice(() => steps().manifest({ ...job, verification }));
  const promotion = await twice(() => steps().promote({ ...job, ...committed }));
  return twice(() => steps().outcome({ ...job, tries: 0, ...committed, promotion }));
}

it('ends a night verified, promoted, swept and reported, with every step called twice', async () => {
  for (let days = 1; days <= 10; days++) await earlier('alpha', slotBefore(SUNDAY, days));
  const claimed = await start('a');
  if (!claimed.claimed) throw new Error(claimed.reason);
  const { planKey } = claimed;
  for (const id of ['alpha', 'beta']) {
    await dumped(id, 1);
    expect(await settleVerified(planKey, id)).toMatchObject({ decision: 'done' });
  }
  await twice(() => steps().retain({ planKey }));
  expect(await twice(() => steps().report({ planKey }))).toMatchObject({ status: 'ok' });

  const copy = await store.vault.readJson('weekly/alpha_20260419_020000.dump.manifest.json', Manifest);
  expect(copy).toMatchObject({ tier: 'weekly', copiedFrom: { key: 'daily/alpha_20260419_020000.dump' } });
  expect(copy?.verification.versionId).not.toBe(copy?.copiedFrom?.versionId);
  expect(await store.keys('daily/alpha_')).toHaveLength(2 * 7);
  expect(await store.keys('daily/beta_')).toHaveLength(2);
  const record = await store.vault.readJson(runRecordKey(claimed), RunRecord);
  expect(record).toMatchObject({ status: 'ok', retention: { result: 'done', removed: 4 } });
  expect(mails.at(-1)).toMatch(/alpha[\s\S]*copied to weekly/);
});

it('finishes a night that failed without dumping twice what is verified', async () => {
  const first = await start('a');
  if (!first.claimed) throw new Error(first.reason);
  await dumped('alpha', 1);
  await settleVerified(first.planKey, 'alpha');
  const failure = factsOf('permission', 'no SELECT on public.secrets');
  await store.vault.putOnce(tryKey(SUNDAY, 'beta', 1), { result: 'failure', at: now().toISOString(), failure });
  const error = { Error: 'States.TaskFailed', Cause: JSON.stringify({ Containers: [{ ExitCode: 1 }] }) };
  expect(await steps().outcome({ planKey: first.planKey, id: 'beta', tries: 0, error })).toMatchObject({ decision: 'done' });
  await steps().retain({ planKey: first.planKey });
  expect(await steps().report({ planKey: first.planKey })).toMatchObject({ status: 'failed' });
  expect(mails.at(-1)).toMatch(/permission[\s\S]*GRANT pg_read_all_data/);

  const second = await start('b', { slot: SUNDAY });
  if (!second.claimed) throw new Error(second.reason);
  expect(second).toMatchObject({ attempt: 2, jobs: 1 });
  await dumped('beta', 2);
  await settleVerified(second.planKey, 'beta');
  await steps().retain({ planKey: second.planKey });
  expect(await steps().report({ planKey: second.planKey })).toMatchObject({ status: 'ok' });

  expect(await store.keys('runs/2026/04/20260419_020000.')).toHaveLength(2);
  expect(await start('c')).toMatchObject({ claimed: false, reason: expect.stringContaining('complete') });
});

it('gives the slot to exactly one of eight executions that start at once', async () => {
  const results = await Promise.all(Array.from({ length: 8 }, (_, n) => start(`e${n}`)));
  expect(results.filter(({ claimed }) => claimed)).toHaveLength(1);
});
