import { beforeEach, describe, expect, it } from 'vitest';
import { report } from '../../functions/report/report.ts';
import { foundKey, refusalsKey, retentionKey, runRecordKey, sweepKey } from '../../lib/domain/backup/keys.ts';
import type { Metric } from '../../lib/domain/run/night-metrics.ts';
import { buildRunRecord, RunRecord } from '../../lib/domain/run/run-record.ts';
import { NOTHING_FOUND } from '../../lib/domain/source/found.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  begun,
  failedOutcome,
  minutesAfter,
  planOf,
  SUNDAY,
  settled,
  slotBefore,
  sourceOf,
  verifiedOutcome,
} from '../support/night.ts';
import { datedFoldersOf, serverOf } from '../support/sources.ts';

const plan = planOf([sourceOf('alpha'), sourceOf('beta'), sourceOf('gamma')], { alreadyVerified: ['gamma'] });
const head = { version: 1, slot: SUNDAY, attempt: 1, at: minutesAfter(SUNDAY, 20).toISOString() };
const key = (id: string, slot: string) => `daily/${id}_${slot}.dump`;
const decided = (action: 'keep' | 'remove', slot: string) => {
  const reasons = [{ code: action === 'keep' ? 'within-age' : 'beyond-age', text: 'by the rule of 7d' }];
  return { key: key('alpha', slot), tier: 'daily', slot, action, reasons };
};
const retention = {
  ...head,
  sources: [
    { result: 'decided', sourceId: 'alpha', decisions: [decided('keep', SUNDAY), decided('remove', '20260401_020000')] },
    { result: 'unverified', sourceId: 'beta' },
    { result: 'decided', sourceId: 'gamma', decisions: [] },
  ],
};
const RETAIN_ERROR = { Error: 'Nightproof.storage', Cause: JSON.stringify({ errorMessage: 'DeleteObjects: SlowDown' }) };

let vault: MemoryVault;
let planKey: string;
let mails: { subject: string; body: string }[];
let figures: readonly Metric[];
let askedOffsite: string[];
let broken: { notifier?: Error; metrics?: Error };

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, plan);
  mails = [];
  figures = [];
  broken = {};
  askedOffsite = [];
  settled(vault, plan, verifiedOutcome('alpha', SUNDAY));
  vault.put(retentionKey(plan), retention);
});

const end = (facts: object = {}, minutes = 30) =>
  report({
    offsiteStatus: async (keys) => {
      askedOffsite.push(...keys);
      return { objects: keys.length, copied: keys.length - 1, warnings: ['off-site: S3 could not copy 1 object: x'] };
    },
    vault,
    now: () => minutesAfter(SUNDAY, minutes),
    notifier: {
      send: async (mail) => {
        if (broken.notifier) throw broken.notifier;
        mails.push(mail);
      },
    },
    metrics: {
      publish: async (metrics) => {
        if (broken.metrics) throw broken.metrics;
        figures = metrics;
      },
    },
  })({ planKey, ...facts });

const record = () => RunRecord.parse(vault.json(runRecordKey(plan)));
const figure = (name: string, sourceId?: string) =>
  figures.find((metric) => metric.name === name && metric.sourceId === sourceId)?.value;

describe('the sweep', () => {
  const swept = { version: 1, slot: SUNDAY, attempt: 1, at: minutesAfter(SUNDAY, 25).toISOString() };
  const gone = {
    key: 'daily/alpha_20260401_020000.dump.manifest.json',
    action: 'leave',
    reason: { code: 'damaged', text: 'its artifact is gone' },
  };

  it('is told of, and a manifest without its artifact is a warning with its key', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    vault.put(sweepKey(plan), { ...swept, decisions: [gone], counts: { damaged: 1, 'no-manifest': 2, 'upload-abandoned': 1 } });
    expect(await end()).toMatchObject({ status: 'warning' });
    expect(record().sweep).toEqual({ removed: 2, aborted: 1, warnings: [expect.stringContaining(gone.key)] });
    expect(mails[0]?.body).toMatch(
      /Left behind by earlier runs: 1 open upload aborted, 2 objects without a manifest\s+removed\./,
    );
  });

  it('is no warning where it only cleared away', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    vault.put(sweepKey(plan), { ...swept, decisions: [], counts: { 'upload-abandoned': 1 } });
    expect(await end()).toMatchObject({ status: 'ok' });
  });
});

describe('the copies elsewhere', () => {
  const arrived = { ...plan, offsite: true };

  it('are looked for where there is such a place: what the run before wrote, and trouble is a warning', async () => {
    const before = slotBefore(SUNDAY, 1);
    const last = planOf([sourceOf('alpha')], { slot: before });
    begun(vault, last);
    const sources = [verifiedOutcome('alpha', before), failedOutcome('beta', before, 'auth')];
    vault.put(
      runRecordKey(last),
      buildRunRecord({
        plan: last,
        outcomes: sources,
        retention: { result: 'skipped', why: 'test' },
        finishedAt: minutesAfter(before, 9),
      }),
    );
    vault.put(planKey, arrived);
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));

    expect(await end()).toMatchObject({ status: 'warning' });
    expect(askedOffsite).toEqual([`daily/alpha_${before}.dump`, `daily/alpha_${before}.dump.manifest.json`]);
    expect(record().offsite).toMatchObject({ objects: 2, copied: 1 });
    expect(mails[0]?.body).toContain('Off-site: 1 of 2 objects of the run before have arrived.');
  });

  it('are not asked of what the same slot wrote before: it may be on its way', async () => {
    vault.put(
      runRecordKey(plan),
      buildRunRecord({
        plan,
        outcomes: [verifiedOutcome('alpha', SUNDAY), failedOutcome('beta', SUNDAY, 'auth')],
        retention: { result: 'skipped', why: 'test' },
        finishedAt: minutesAfter(SUNDAY, 9),
      }),
    );
    vault.put(planKey, arrived);
    await end();
    expect(askedOffsite).toEqual([]);
  });

  it('are nothing to speak of in the first night, nor where there is no such place', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    vault.put(planKey, arrived);
    await end();
    expect(record().offsite).toBeUndefined();
    expect(askedOffsite).toEqual([]);
  });
});

describe('report', () => {
  it('tells of a good night in record, message and figures', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY, { bytes: 7, durationSeconds: 3 }));

    const { status, summary } = await end();

    expect(status).toBe('ok');
    expect(record()).toMatchObject({
      status: 'ok',
      alreadyVerified: ['gamma'],
      retention: { result: 'done', kept: 1, removed: 1 },
    });
    expect(mails).toEqual([{ subject: summary, body: expect.stringContaining('beta') }]);
    for (const id of ['alpha', 'beta', 'gamma']) expect(figure('Verified', id)).toBe(1);
    expect([figure('DumpBytes', 'beta'), figure('DumpSeconds', 'beta')]).toEqual([7, 3]);
    expect([figure('SourcesVerified'), figure('SourcesFailed'), figure('BackupsRemoved')]).toEqual([3, 0, 1]);
  });

  it('fails the night for one failed source, with its reason and remedy in the message', async () => {
    settled(vault, plan, failedOutcome('beta', SUNDAY, 'row-security'));

    expect(await end()).toMatchObject({ status: 'failed' });

    expect(mails[0]?.body).toMatch(/row-security[\s\S]*BYPASSRLS/);
    expect(figure('Verified', 'beta')).toBe(0);
    expect([figure('SourcesVerified'), figure('SourcesFailed')]).toEqual([2, 1]);
  });

  it('calls a source of which nothing is known failed', async () => {
    expect(await end()).toMatchObject({ status: 'failed' });
    expect(record().sources[1]).toMatchObject({ sourceId: 'beta', status: 'failed', failure: { reason: 'interrupted' } });
  });

  describe('of a run with groups', () => {
    const grouped = planOf([sourceOf('alpha'), serverOf('all'), datedFoldersOf('rpps')]);
    const found = {
      ...NOTHING_FOUND,
      sources: [{ ...sourceOf('all-crm'), foundBy: 'all' }],
      failedGroups: ['rpps'],
      notes: [{ groupId: 'all', text: 'crm is new' }],
    };

    beforeEach(() => {
      planKey = begun(vault, grouped);
      settled(vault, grouped, failedOutcome('rpps', SUNDAY, 'storage'));
    });

    it('tells of what they hold, and of the one that could not be looked into', async () => {
      vault.put(foundKey(grouped), found);
      settled(vault, grouped, verifiedOutcome('all-crm', SUNDAY));

      expect(await end()).toMatchObject({ status: 'failed', summary: expect.stringContaining('1 of 3 failed') });

      expect(record().sources.map(({ sourceId }) => sourceId)).toEqual(['alpha', 'all-crm', 'rpps']);
      expect(record().sources[2]).toMatchObject({ status: 'failed', failure: { reason: 'storage' } });
      expect(mails[0]?.body).toMatch(/FAILED {2}rpps[\s\S]*all-crm[\s\S]*FOUND\n {2}all: crm is new/);
      expect([figure('Verified', 'all-crm'), figure('Verified', 'rpps'), figure('Verified', 'all')]).toEqual([1, 0, undefined]);
    });

    it('takes every group for failed when it broke off before they were put together', async () => {
      await end({ error: { Error: 'States.ItemReaderFailed', Cause: 'AccessDenied' } });
      expect(record().sources).toMatchObject([
        { sourceId: 'alpha', status: 'verified' },
        { sourceId: 'all', status: 'failed', failure: { reason: 'interrupted' } },
        { sourceId: 'rpps', status: 'failed', failure: { reason: 'storage' } },
      ]);
      expect(record().failure).toMatchObject({ reason: 'internal' });
    });
  });

  it('fails the night when the steps broke off before every source was settled', async () => {
    await end({ error: { Error: 'States.ItemReaderFailed', Cause: 'AccessDenied' } });
    expect(record()).toMatchObject({ status: 'failed', failure: { reason: 'internal' } });
  });

  it('warns, and does not fail the night, when all backups are good and only retention broke off', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    expect(await end({ error: RETAIN_ERROR })).toMatchObject({ status: 'warning' });
    expect(record().failure).toBeUndefined();
    expect(mails[0]?.body).toMatch(/DeleteObjects:\s+SlowDown/);
  });

  it('warns of what the vault refused to remove and of sources in doubt', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    const manifest = `${key('alpha', '20260401_020000')}.manifest.json`;
    vault.put(refusalsKey(plan), { ...head, refused: [{ key: manifest, code: 'AccessDenied' }] });
    const doubtful = { result: 'doubtful', sourceId: 'beta', why: 'its backups could not be listed' };
    vault.put(retentionKey(plan), { ...retention, sources: [retention.sources[0], doubtful] });

    expect(await end()).toMatchObject({ status: 'warning' });
    expect(record().retention).toMatchObject({
      removed: 0,
      kept: 2,
      warnings: [/could not be listed/, /AccessDenied/].map((m) => expect.stringMatching(m)),
    });
  });

  it('warns when retention left no record', async () => {
    await vault.remove([retentionKey(plan)]);
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    expect(await end()).toMatchObject({ status: 'warning' });
  });

  it('writes the record and the figures though the message cannot be sent, and then says that it failed', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    broken.notifier = Object.assign(new Error('token abc'), { name: 'AuthorizationError' });

    await expect(end()).rejects.toMatchObject({
      name: 'Nightproof.internal',
      message: expect.stringMatching(/message \(AuthorizationError\)/),
    });

    expect(record().status).toBe('ok');
    expect(figure('SourcesVerified')).toBe(3);
  });

  it('sends the message though neither the record nor the figures could be written', async () => {
    vault.failing('putOnce', runRecordKey(plan));
    broken.metrics = new Error('x');
    await expect(end()).rejects.toThrow(/run record \(Nightproof.storage\), metrics/);
    expect(mails).toHaveLength(1);
  });

  it('goes by the record that is there when it is called again', async () => {
    settled(vault, plan, verifiedOutcome('beta', SUNDAY));
    broken.notifier = new Error('x');
    await expect(end()).rejects.toThrow(/message \(Error\)/);
    const before = record();

    broken = {};
    expect(await end({}, 45)).toMatchObject({ status: 'ok' });

    expect(record()).toEqual(before);
    expect(mails).toHaveLength(1);
  });
});
