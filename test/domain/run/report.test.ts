import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf, type Reason } from '../../../lib/domain/outcomes.ts';
import type { RetentionSummary } from '../../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../../lib/domain/run/plan.ts';
import { type ReportInput, renderReport } from '../../../lib/domain/run/report.ts';
import type { SourceOutcome } from '../../../lib/domain/run/source-outcome.ts';
import { type Found, NOTHING_FOUND } from '../../../lib/domain/source/found.ts';
import { planOf, SUNDAY, sourceOf, verifiedOutcome } from '../../support/night.ts';
import { datedFolderOf, datedFoldersOf, filesOf, globalsOf, serverOf } from '../../support/sources.ts';

const done: RetentionSummary = { result: 'done', kept: 41, removed: 2, warnings: [] };

const planned = (ids: readonly string[], facts: Partial<Plan> = {}): Plan =>
  planOf(
    ids.map((id) => sourceOf(id)),
    facts,
  );

type Verified = Extract<SourceOutcome, { status: 'verified' }>;

const verified = (id: string, facts: Partial<Verified> = {}): SourceOutcome =>
  verifiedOutcome(id, SUNDAY, {
    bytes: 470_000_000,
    counts: { of: 'database', tables: 34, rows: 1_234_567 },
    durationSeconds: 65,
    ...facts,
  });

const failed = (sourceId: string, reason: Reason, detail: string, tries = 1): SourceOutcome => ({
  status: 'failed',
  sourceId,
  slot: SUNDAY,
  at: '2026-04-19T02:04:00.000Z',
  failure: factsOf(reason, detail),
  tries,
});

const report = (night: Partial<ReportInput>) =>
  renderReport({
    plan: planned(['shop', 'wiki']),
    outcomes: [verified('shop'), verified('wiki')],
    retention: done,
    finishedAt: new Date('2026-04-19T02:05:10Z'),
    vault: 'nightproof-vault',
    ...night,
  });

it('tells a good night', () => {
  const wiki = verified('wiki', { bytes: 900, counts: { of: 'database', tables: 1, rows: 1 }, durationSeconds: 2.31 });
  const shop = verified('shop', { promoted: [`weekly/shop_${SUNDAY}.dump`, `monthly/shop_${SUNDAY}.dump`] });
  const { status, subject, body } = report({ outcomes: [wiki, shop] });
  expect([status, subject]).toEqual(['ok', 'nightproof OK: 2 of 2 verified, 20260419_020000']);
  expect(body).toBe(`OK: 2 of 2 verified

Slot     20260419_020000 (2026-04-19 02:00 UTC)
Started  by the schedule, took 5 min 10 s
Vault    nightproof-vault

VERIFIED
  shop
    448.2 MiB, 34 tables, 1,234,567 rows, 1 min 05 s; copied to weekly, monthly
  wiki
    900 B, 1 table, 1 row, 2.3 s

Retention: 41 backups kept, 2 removed.

All details:
  nightproof show 20260419_020000
`);
});

it('tells a bad night: failures first, with the reason, the detail and what to do', () => {
  const plan = planned(['shop', 'wiki', 'crm', 'old'], {
    trigger: 'manual',
    reason: 'the disk was full last night, and support asked for a copy before they change anything',
    attempt: 2,
    alreadyVerified: ['old'],
  });
  const { status, subject, body } = report({
    plan,
    outcomes: [
      verified('shop', { warnings: ['the copy to weekly failed and is made up for by the next night'] }),
      failed('crm', 'lock-timeout', 'public.orders was locked for 5 min', 4),
    ],
    retention: { result: 'failed', detail: 'listing daily/ failed' },
  });
  expect([status, subject]).toEqual(['failed', 'nightproof FAILED: 2 of 4 failed, 20260419_020000']);
  expect(body).toBe(`FAILED: 2 of 4 failed

Slot     20260419_020000 (2026-04-19 02:00 UTC), attempt 2
Started  by hand, took 5 min 10 s
Reason   the disk was full last night, and support asked for a copy before they
         change anything
Vault    nightproof-vault

FAILED  wiki
  Reason      interrupted: the run ended without a word on this source
  What to do  The task vanished without a word: out of memory, killed, or it
              could not start. See its stopped reason in ECS; give it more
              memory if it was exit code 137.

FAILED  crm (4 tries)
  Reason      lock-timeout: public.orders was locked for 5 min
  What to do  Another session held a lock on a table for too long. Move the
              schedule away from migrations, or raise limits.lockWait.

VERIFIED
  shop
    448.2 MiB, 34 tables, 1,234,567 rows, 1 min 05 s
    Warning: the copy to weekly failed and is made up for by the next night

VERIFIED BY AN EARLIER ATTEMPT
  old

Retention failed, and what it did not reach stays: listing daily/ failed

All details, the tries of each source among them:
  nightproof show 20260419_020000
`);
});

it('tells a night of every kind: what was counted, what was found, what is left out by choice, and that it was late', () => {
  const sources = [sourceOf('shop'), globalsOf('roles'), filesOf('media'), serverOf('all'), datedFoldersOf('rpps')];
  const plan = planOf(sources, {
    plan: 'media',
    lateSeconds: 4000,
    notCovered: ['redis: a cache, filled again by itself', 'the search index'],
  });
  const found: Found = {
    ...NOTHING_FOUND,
    sources: [{ ...sourceOf('all-crm'), foundBy: 'all' }, datedFolderOf('rpps', '2026-04-15')],
    notes: [
      { groupId: 'all', text: 'the database crm is new' },
      {
        groupId: 'rpps',
        text: '2026-04-18 waits: it changed 12 min ago, and must have been at rest for 60 min before it is archived',
      },
    ],
  };
  const facts = { bytes: 5_000, durationSeconds: 2 };
  const { body } = report({
    plan,
    found,
    outcomes: [
      verified('shop'),
      verified('roles', { ...facts, counts: { of: 'globals', roles: 1, settings: 2 } }),
      verified('media', { ...facts, counts: { of: 'tree', files: 31_000, bytes: 3_000_000_000 } }),
      verified('all-crm', { ...facts, counts: { of: 'database', tables: 1, rows: 1 } }),
      verified('rpps_2026-04-15', { ...facts, counts: { of: 'tree', files: 1, bytes: 512 } }),
    ],
  });
  expect(body).toBe(`OK: 5 of 5 verified

Slot     20260419_020000 (2026-04-19 02:00 UTC)
Plan     media
Started  by the schedule, took 5 min 10 s
Late     started 1 h 06 min after its time
Vault    nightproof-vault

VERIFIED
  shop
    448.2 MiB, 34 tables, 1,234,567 rows, 1 min 05 s
  roles
    4.9 KiB, 1 role, 2 settings, 2.0 s
  media
    4.9 KiB, 31,000 files, 2.8 GiB unpacked, 2.0 s
  all-crm
    4.9 KiB, 1 table, 1 row, 2.0 s
  rpps_2026-04-15
    4.9 KiB, 1 file, 512 B unpacked, 2.0 s

FOUND
  all: the database crm is new
  rpps: 2026-04-18 waits: it changed 12 min ago, and must have been at rest for
        60 min before it is archived

Retention: 41 backups kept, 2 removed.

NOT BACKED UP, BY CHOICE
  - redis: a cache, filled again by itself
  - the search index

All details:
  nightproof show 20260419_020000 --plan media
`);
});

it('tells of a group whose task failed as of a source, and of nothing that it might hold', () => {
  const plan = planOf([sourceOf('shop'), serverOf('all')]);
  const { status, body } = report({
    plan,
    found: { ...NOTHING_FOUND, failedGroups: ['all'] },
    outcomes: [verified('shop'), failed('all', 'auth', 'the server refused the login')],
  });
  expect(status).toBe('failed');
  expect(body).toMatch(/^FAILED: 1 of 2 failed/);
  expect(body).toMatch(/FAILED {2}all\n {2}Reason {6}auth: the server refused the login/);
});

describe('the subject', () => {
  it('warns of a good night that has something to say', () => {
    expect(report({ retention: { ...done, warnings: ['shop: nothing is removed'] } }).subject).toBe(
      'nightproof WARNING: 2 of 2 verified, 20260419_020000',
    );
  });

  it('says so when the night failed though its sources did not', () => {
    expect(report({ failure: factsOf('storage', 'retain: AccessDenied') }).subject).toBe(
      'nightproof FAILED: the night failed (storage), 2 of 2 verified, 20260419_020000',
    );
  });

  it('says so when there was nothing to do', () => {
    expect(report({ plan: planned([]), outcomes: [] }).subject).toBe('nightproof WARNING: no source to back up, 20260419_020000');
  });
});

it('is fit for mail whatever the details say: no control characters, 80 columns unless a single word is longer', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (detail, warning, reason, night) => {
      const plan = planned(['shop', 'wiki'], { reason: reason.slice(0, 500) });
      const outcomes = [failed('shop', 'truncated', detail), verified('wiki', { warnings: [warning] })];
      const failure = night ? { failure: factsOf('internal', detail) } : {};
      const { subject, body } = report({ plan, outcomes, retention: { result: 'failed', detail }, ...failure });
      expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(body).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      const tooLong = body.split('\n').filter((line) => line.length > 80 && line.trim().split(/ +/).length > 5);
      expect(tooLong).toEqual([]);
    }),
  );
});

it('stays below the 256 KiB that SNS takes, keeps the failures, and says where the rest is', () => {
  const ids = Array.from({ length: 4_000 }, (_, i) => `source_${i}`);
  const outcomes = ids.map((id, i) =>
    i === 3_999 ? failed(id, 'auth', 'é'.repeat(30)) : verified(id, { warnings: ['ü'.repeat(60)] }),
  );
  const { body } = report({ plan: planned(ids), outcomes });
  expect(Buffer.byteLength(body)).toBeLessThan(256 * 1024);
  expect(Buffer.byteLength(body)).toBeGreaterThan(200 * 1024);
  expect(body).toContain('FAILED  source_3999');
  expect(body).not.toContain('\uFFFD');
  expect(body.trimEnd().split('\n').at(-1)).toBe(
    `(Cut here: the mail would be too long. The rest is in runs/2026/04/${SUNDAY}.json in the vault.)`,
  );
});
