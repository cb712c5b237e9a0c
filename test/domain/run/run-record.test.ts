import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../lib/domain/outcomes.ts';
import type { RetentionSummary } from '../../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../../lib/domain/run/plan.ts';
import { buildRunRecord, type NightEnd, RunRecord } from '../../../lib/domain/run/run-record.ts';
import { type Found, NOTHING_FOUND } from '../../../lib/domain/source/found.ts';
import { failedOutcome, planOf, SUNDAY, sourceOf, verifiedOutcome } from '../../support/night.ts';
import { datedFolderOf, datedFoldersOf, serverOf } from '../../support/sources.ts';

const done: RetentionSummary = { result: 'done', kept: 9, removed: 1, warnings: [] };

const planned = (ids: readonly string[], facts: Partial<Plan> = {}): Plan =>
  planOf(
    ids.map((id) => sourceOf(id)),
    facts,
  );
const good = (id: string, facts: { readonly warnings?: string[] } = {}) => verifiedOutcome(id, SUNDAY, facts);

const record = (night: Partial<NightEnd>): RunRecord =>
  buildRunRecord({
    plan: planned(['a', 'b']),
    outcomes: [good('b'), good('a')],
    retention: done,
    finishedAt: new Date('2026-04-19T02:05:00Z'),
    ...night,
  });

it('is what its schema says, and survives being written and read', () => {
  const written = record({ plan: planned(['a', 'b', 'c'], { reason: 'after the move', trigger: 'manual' }) });
  expect(RunRecord.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
  expect(written).toMatchObject({
    slot: SUNDAY,
    startedAt: '2026-04-19T02:00:00.000Z',
    finishedAt: '2026-04-19T02:05:00.000Z',
    reason: 'after the move',
    status: 'failed',
  });
});

it('refuses keys that it does not know', () => {
  expect(RunRecord.safeParse({ ...record({}), extra: 1 }).success).toBe(false);
});

it('lists the sources in the order of the plan', () => {
  expect(record({}).sources.map(({ sourceId }) => sourceId)).toEqual(['a', 'b']);
});

it('takes a planned source of which nothing is known for failed', () => {
  const { status, sources } = record({ outcomes: [good('a')] });
  expect(status).toBe('failed');
  expect(sources[1]).toMatchObject({ status: 'failed', sourceId: 'b', failure: { reason: 'interrupted' } });
});

it('does not ask again for sources that an earlier attempt verified', () => {
  const night = record({ plan: planned(['a', 'b'], { attempt: 2, alreadyVerified: ['b'] }), outcomes: [good('a')] });
  expect(night).toMatchObject({ status: 'ok', alreadyVerified: ['b'], sources: [{ sourceId: 'a' }] });
});

describe('of a run with groups', () => {
  const plan = planOf([sourceOf('a'), serverOf('all'), datedFoldersOf('rpps')]);
  const found: Found = {
    ...NOTHING_FOUND,
    sources: [
      { ...sourceOf('all-crm'), foundBy: 'all' },
      { ...sourceOf('all-wiki'), foundBy: 'all' },
      datedFolderOf('rpps', '2026-04-15'),
    ],
    alreadyVerified: ['all-wiki'],
    notes: [{ groupId: 'all', text: 'wiki is new' }],
  };
  const all = [good('rpps_2026-04-15'), good('all-crm'), good('a')];

  it('speaks of what they hold, not of them', () => {
    const night = record({ plan, found, outcomes: all });
    expect(night.sources.map(({ sourceId }) => sourceId)).toEqual(['a', 'all-crm', 'rpps_2026-04-15']);
    expect(night).toMatchObject({ status: 'ok', alreadyVerified: ['all-wiki'], notes: found.notes });
    expect(RunRecord.parse(JSON.parse(JSON.stringify(night)))).toEqual(night);
  });

  it('speaks of a group whose task failed, by the outcome that it left', () => {
    const half = { ...found, sources: found.sources.slice(0, 2), failedGroups: ['rpps'] };
    const outcomes = [good('a'), good('all-crm'), failedOutcome('rpps', SUNDAY, 'storage')];
    const night = record({ plan, found: half, outcomes });
    expect(night.sources.map(({ sourceId, status }) => [sourceId, status])).toEqual([
      ['a', 'verified'],
      ['all-crm', 'verified'],
      ['rpps', 'failed'],
    ]);
    expect(night.status).toBe('failed');
  });

  it('takes groups for failed when it broke off before anybody looked into them', () => {
    const night = record({ plan, outcomes: [good('a')] });
    expect(night.status).toBe('failed');
    expect(night.sources.slice(1)).toMatchObject([
      { sourceId: 'all', failure: { reason: 'interrupted' } },
      { sourceId: 'rpps', failure: { reason: 'interrupted' } },
    ]);
  });

  it('takes what was found, and never heard of again, for failed', () => {
    const night = record({ plan, found, outcomes: all.slice(1) });
    expect(night.sources[2]).toMatchObject({ sourceId: 'rpps_2026-04-15', failure: { reason: 'interrupted' } });
  });

  it('is ok when its groups hold nothing that is due', () => {
    expect(record({ plan: planOf([datedFoldersOf('rpps')]), found: NOTHING_FOUND, outcomes: [] })).toMatchObject({
      status: 'ok',
      sources: [],
    });
  });
});

it('names the plan and how late it started, where there is something to say', () => {
  expect(record({})).not.toHaveProperty('plan');
  expect(record({})).not.toHaveProperty('lateSeconds');
  expect(record({})).not.toHaveProperty('notes');
  const late = record({ plan: planned(['a', 'b'], { plan: 'media', lateSeconds: 420 }) });
  expect(late).toMatchObject({ plan: 'media', lateSeconds: 420 });
  expect(RunRecord.parse(JSON.parse(JSON.stringify(late)))).toEqual(late);
});

describe('its status', () => {
  it.each<[string, Partial<NightEnd>, RunRecord['status']]>([
    ['ok when all are verified', {}, 'ok'],
    ['failed when one source failed', { outcomes: [good('a'), failedOutcome('b', SUNDAY, 'auth')] }, 'failed'],
    ['failed when the night failed', { failure: factsOf('internal', 'retain: TypeError') }, 'failed'],
    ['a warning when a good backup has one', { outcomes: [good('a'), good('b', { warnings: ['x'] })] }, 'warning'],
    ['a warning when retention failed', { retention: { result: 'failed', detail: 'x' } }, 'warning'],
    ['a warning when retention doubts the clock', { retention: { ...done, warnings: ['a: x'] } }, 'warning'],
    ['a warning when there was nothing to back up', { plan: planned([]), outcomes: [] }, 'warning'],
    ['ok when retention had no reason to run', { retention: { result: 'skipped', why: 'x' } }, 'ok'],
  ])('is %s', (_, night, expected) => {
    expect(record(night).status).toBe(expected);
  });
});
