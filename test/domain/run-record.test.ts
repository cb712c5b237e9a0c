import { describe, expect, it } from 'vitest';
import { factsOf } from '../../lib/domain/outcomes.ts';
import type { Plan } from '../../lib/domain/plan.ts';
import type { RetentionSummary } from '../../lib/domain/retention-record.ts';
import { buildRunRecord, type NightEnd, RunRecord } from '../../lib/domain/run-record.ts';
import { failedOutcome, planOf, SUNDAY, sourceOf, verifiedOutcome } from '../support/night.ts';

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
