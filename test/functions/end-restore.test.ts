import { beforeEach, describe, expect, it } from 'vitest';
import { endRestore } from '../../functions/end-restore/end-restore.ts';
import { settleRestore } from '../../functions/settle-restore/settle-restore.ts';
import {
  restoreItemKey,
  restoreProgressKey,
  restoreRecordKey,
  restoreServicesKey,
} from '../../lib/domain/backup/operation-keys.ts';
import type { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import type { Metric } from '../../lib/domain/run/night-metrics.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begunRestore, databaseItem, restoredItem, targetOf, WEB } from '../support/restores.ts';

const NOW = new Date('2026-04-20T08:10:00Z');
const ITEMS = [databaseItem(0, 'shop'), databaseItem(1, 'crm')] as const;
const KILLED = {
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({ StopCode: 'EssentialContainerExited', Containers: [{ ExitCode: 137 }] }),
};

let vault: MemoryVault;
let plan: RestorePlan;
let mails: { subject: string; body: string }[];
let metrics: Metric[];
let desired: number;

beforeEach(() => {
  vault = new MemoryVault();
  mails = [];
  metrics = [];
  desired = 2;
  const task = {
    cluster: 'apps',
    taskDefinition: 'app-migrate',
    container: 'app',
    command: ['migrate'],
    roleArns: [],
    within: '30m',
  };
  const after = { sql: [], task, probe: { url: 'http://app/health', status: 200, within: '5m' } };
  plan = begunRestore(vault, 'r1', { items: [...ITEMS], target: targetOf({ services: [WEB], after }) });
});

const end = (payload: object) =>
  endRestore({
    vault,
    services: { counts: async () => ({ desired, present: desired }) },
    notifier: { send: async (mail) => void mails.push(mail) },
    metrics: { publish: async (figures) => void metrics.push(...figures) },
    now: () => NOW,
    pause: async () => undefined,
  })(payload);
const settle = (payload: object) => settleRestore({ vault, now: () => NOW })(payload);
const restored = (n: 0 | 1) => vault.put(restoreItemKey('r1', n), restoredItem(ITEMS[n]));
const ended = (status: string, more: object = {}) => ({
  source: 'aws.states',
  detail: { name: 'r1', executionArn: plan.execution, status, ...more },
});

describe('the end of a restore', () => {
  it('says what was restored, where the former database is, and how long it took', async () => {
    restored(0);
    restored(1);
    expect(await end({ name: 'r1', trouble: {} })).toEqual({
      status: 'restored',
      summary: 'nightproof restore OK: 2 of 2 restored to main, r1',
    });
    expect(mails).toHaveLength(1);
    const lines = mails[0]?.body.split('\n').map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'DROP DATABASE "shop_before_20260420_080000";',
        'ALTER DATABASE "shop" RENAME TO "shop_restored_20260420_080000";',
        'ALTER DATABASE "shop_before_20260420_080000" RENAME TO "shop";',
      ]),
    );
    expect(vault.json(restoreRecordKey('r1'))).toMatchObject({ status: 'restored', finishedAt: NOW.toISOString() });
    expect(metrics).toContainEqual({ name: 'RestoreSeconds', unit: 'Seconds', value: 42, sourceId: 'shop' });
    expect(metrics).toContainEqual({ name: 'RestoreSuccess', unit: 'Count', value: 1 });
  });

  it('names what failed with what to do, and what was restored beside it', async () => {
    restored(0);
    await settle({ name: 'r1', n: 1, error: KILLED });
    expect(await end({ name: 'r1', trouble: {} })).toMatchObject({ status: 'failed' });
    const { body = '' } = mails[0] ?? {};
    expect(body.indexOf('FAILED  crm')).toBeLessThan(body.indexOf('RESTORED'));
    expect(body).toContain('What to do  The task vanished without a word');
    expect(metrics).toContainEqual({ name: 'RestoreSuccess', unit: 'Count', value: 0 });
  });

  it.each([
    ['hook', { hook: KILLED }, 'the task app-migrate: the task ended with exit code 137'],
    [
      'probe',
      { probe: { Error: 'States.TaskFailed', Cause: '{"Containers":[{"ExitCode":11}]}' } },
      'http://app/health: it answered with another status',
    ],
    [
      'services',
      { services: { Error: 'Nightproof.services', Cause: '{"errorMessage":"UpdateService apps/web"}' } },
      'UpdateService apps/web',
    ],
    ['interrupted', { step: { Error: 'States.TaskFailed', Cause: '{}' } }, ''],
  ])('fails for trouble with %s though every item is there', async (reason, trouble, detail) => {
    restored(0);
    restored(1);
    expect(await end({ name: 'r1', trouble })).toMatchObject({ status: 'failed' });
    expect(vault.json(restoreRecordKey('r1'))).toMatchObject({ failure: { reason, detail: expect.stringContaining(detail) } });
  });

  it('fails where a service does not run again, and says so', async () => {
    restored(0);
    restored(1);
    vault.put(restoreServicesKey('r1'), { version: 1, at: NOW.toISOString(), services: [{ ...WEB, desiredCount: 2 }] });
    desired = 0;
    expect(await end({ name: 'r1', trouble: {} })).toMatchObject({ status: 'failed' });
    expect(mails[0]?.body).toContain('apps/web: DOES NOT RUN AGAIN; it had 2 tasks');
  });

  it.each([
    ['ABORTED', {}, 'cancelled'],
    ['TIMED_OUT', {}, 'timeout'],
    ['FAILED', { error: 'States.Runtime', cause: 'x' }, 'internal'],
  ])('is told of by the rule when the execution is %s before it could say so itself', async (status, more, reason) => {
    restored(0);
    expect(await end(ended(status, more))).toMatchObject({ status: 'failed' });
    expect(vault.json(restoreRecordKey('r1'))).toMatchObject({
      failure: { reason },
      items: [{ result: 'restored' }, { result: 'failed', failure: { reason } }],
    });
    expect(mails).toHaveLength(1);
  });

  it('is told of once: what has a record was told of', async () => {
    restored(0);
    await end({ name: 'r1', trouble: {} });
    await end(ended('FAILED', { error: 'Nightproof.RestoreFailed' }));
    expect(mails).toHaveLength(1);
  });

  it('writes its record though nobody can be told, and then fails', async () => {
    restored(0);
    restored(1);
    const broken = endRestore({
      vault,
      services: { counts: async () => ({ desired, present: desired }) },
      notifier: { send: () => Promise.reject(Object.assign(new Error('no'), { name: 'AuthorizationError' })) },
      metrics: { publish: async (figures) => void metrics.push(...figures) },
      now: () => NOW,
      pause: async () => undefined,
    });
    await expect(broken({ name: 'r1', trouble: {} })).rejects.toThrow('message (AuthorizationError)');
    expect(vault.keys()).toContain(restoreRecordKey('r1'));
    expect(metrics.length).toBeGreaterThan(0);
  });
});

describe('an item that failed', () => {
  it('is on record by what its task said, where it said anything', async () => {
    const own = { ...restoredItem(ITEMS[0]), warnings: ['its own word'] };
    vault.put(restoreItemKey('r1', 0), own);
    await settle({ name: 'r1', n: 0, error: KILLED });
    expect(vault.json(restoreItemKey('r1', 0))).toEqual(own);
  });

  it('else by what ECS says, with the phase that it was last known to be in', async () => {
    const progress = { version: 1, at: NOW.toISOString(), bytes: 1, totalBytes: 2 };
    vault.put(restoreProgressKey('r1', 0, 1), { ...progress, phase: 'verify' });
    vault.put(restoreProgressKey('r1', 0, 2), { ...progress, phase: 'restore' });
    await settle({ name: 'r1', n: 0, error: KILLED });
    expect(vault.json(restoreItemKey('r1', 0))).toMatchObject({
      result: 'failed',
      phase: 'restore',
      failure: { reason: 'interrupted' },
      left: expect.stringContaining('"restore"'),
    });
  });

  it('keeps the hooks from running: only with every item restored it is all of it', async () => {
    restored(0);
    expect(await settle({ name: 'r1' })).toEqual({ restored: false });
    restored(1);
    expect(await settle({ name: 'r1' })).toEqual({ restored: true });
  });
});
