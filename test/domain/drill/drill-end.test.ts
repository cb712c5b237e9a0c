import { expect, it } from 'vitest';
import { evidenceKey } from '../../../lib/domain/backup/operation-keys.ts';
import { buildDrillRecord, drillMetrics, renderDrillReport } from '../../../lib/domain/drill/drill-end.ts';
import type { DrillPlan } from '../../../lib/domain/drill/drill-plan.ts';
import type { DrillEvidence } from '../../../lib/domain/drill/evidence.ts';
import { factsOf } from '../../../lib/domain/outcomes.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';

const STAMP = slotOf(new Date('2026-04-26T05:00:00Z'));
const SLOT = slotOf(new Date('2026-04-25T02:00:00Z'));

const planOf = (ids: readonly string[], passedOver: DrillPlan['passedOver'] = []): DrillPlan => ({
  version: 1,
  name: 'weekly',
  execution: 'arn:weekly',
  stamp: STAMP,
  trigger: 'schedule',
  items: ids.map((sourceId, n) => ({
    n,
    key: `daily/${sourceId}_${SLOT}.dump`,
    sourceId,
    evidenceKey: evidenceKey(`${sourceId}_${SLOT}`, STAMP),
    probes: [],
  })),
  passedOver,
});

const common = (sourceId: string) => ({
  version: 1 as const,
  key: `daily/${sourceId}_${SLOT}.dump`,
  sourceId,
  kind: 'database' as const,
  slot: SLOT,
  sha256: 'a'.repeat(64),
  at: '2026-04-26T05:10:00.000Z',
  seconds: { fetch: 2, server: 1, restore: 9, compare: 5 },
  compared: { tables: 3, rows: 4200, files: 0, bytes: 900 },
  skipped: ['EVENT TRIGGER - audit'],
  probes: [],
  warnings: [],
});
const passed = (sourceId: string): DrillEvidence => ({ ...common(sourceId), result: 'passed' });
const differs = (sourceId: string): DrillEvidence => ({
  ...common(sourceId),
  result: 'failed',
  phase: 'compare',
  failure: factsOf('difference', 'public.orders: 41 rows, backed up were 42'),
  differences: [{ what: 'public.orders', difference: '41 rows, backed up were 42' }],
});

function ended(plan: DrillPlan, evidence: readonly (DrillEvidence | undefined)[], failure?: ReturnType<typeof factsOf>) {
  const found = new Map(evidence.flatMap((one, n) => (one ? [[n, one] as const] : [])));
  const record = buildDrillRecord({ plan, finishedAt: new Date('2026-04-26T06:00:00Z'), evidence: found, failure });
  return { record, mail: renderDrillReport(record, { plan, evidence: found }), metrics: drillMetrics(record) };
}

it('passes where every backup has evidence that it passed, and says how long a restore takes', () => {
  const { record, mail, metrics } = ended(planOf(['shop', 'crm']), [passed('shop'), passed('crm')]);
  expect(record.status).toBe('passed');
  expect(mail.subject).toBe('nightproof drill OK: 2 of 2 backups restored as they were, weekly');
  expect(mail.body).toContain('restored in 12 s, 3 tables, 4,200 rows');
  expect(mail.body).toContain('Left out: EVENT TRIGGER - audit');
  expect(metrics).toEqual([
    { name: 'DrillSuccess', unit: 'Count', value: 1 },
    { name: 'DrillSuccess', unit: 'Count', value: 1, sourceId: 'shop' },
    { name: 'RestoreSeconds', unit: 'Seconds', value: 12, sourceId: 'shop' },
    { name: 'DrillSuccess', unit: 'Count', value: 1, sourceId: 'crm' },
    { name: 'RestoreSeconds', unit: 'Seconds', value: 12, sourceId: 'crm' },
  ]);
});

it('names table and difference, first of all, where one does not hold what was backed up', () => {
  const { record, mail, metrics } = ended(planOf(['shop', 'crm']), [passed('shop'), differs('crm')]);
  expect(record).toMatchObject({
    status: 'failed',
    drills: [{ result: 'passed' }, { result: 'failed', failure: { reason: 'difference' } }],
  });
  expect(mail.subject).toBe('nightproof drill FAILED: 1 of 2 backups restored as they were, weekly');
  expect(mail.body).toContain('Differs     public.orders: 41 rows, backed up were 42');
  expect(mail.body.indexOf('FAILED  crm (compare)')).toBeLessThan(mail.body.indexOf('PASSED'));
  expect(metrics).toContainEqual({ name: 'DrillSuccess', unit: 'Count', value: 0 });
  expect(metrics).not.toContainEqual(expect.objectContaining({ name: 'RestoreSeconds', sourceId: 'crm' }));
});

it('never takes silence for success: a drill without evidence has failed', () => {
  const { record } = ended(planOf(['shop', 'crm']), [passed('shop'), undefined]);
  expect(record).toMatchObject({ status: 'failed', drills: [{ result: 'passed' }, { failure: { reason: 'interrupted' } }] });
});

it('says of the drills that an aborted run did not reach why they were not made', () => {
  const { record } = ended(planOf(['shop', 'crm']), [passed('shop')], factsOf('cancelled', 'the execution was aborted'));
  expect(record).toMatchObject({ status: 'failed', drills: [{ result: 'passed' }, { failure: { reason: 'cancelled' } }] });
});

it('fails where nothing could be drilled of what should have been, and says why', () => {
  const { record, mail } = ended(planOf([], [{ sourceId: 'shop', why: 'it has no undamaged backup' }]), []);
  expect(record.status).toBe('failed');
  expect(mail.body).toContain('shop: it has no undamaged backup');
  expect(ended(planOf([]), []).record.status).toBe('passed');
});
