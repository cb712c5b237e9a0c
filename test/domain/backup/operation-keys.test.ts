import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactKey, parseArtifactKey, stemOf } from '../../../lib/domain/backup/keys.ts';
import {
  drillPlanKey,
  drillRecordKey,
  evidenceKey,
  evidencePrefix,
  isExecutionName,
  parseEvidenceKey,
  restoreItemKey,
  restorePlanKey,
  restoreProgressKey,
  restoreProgressPrefix,
  restoreRecordKey,
} from '../../../lib/domain/backup/operation-keys.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';
import { SUNDAY } from '../../support/night.ts';

const AT = slotOf(new Date('2026-04-26T05:00:00Z'));

describe('the keys of evidence', () => {
  it('carry the name of the backup and the time of the drill', () => {
    const stem = stemOf({ tier: 'weekly', sourceId: 'aletheia_prod', slot: SUNDAY, format: 'dump' });
    expect(evidenceKey(stem, AT)).toBe('drills/aletheia_prod_20260419_020000/20260426_050000.json');
    expect(parseEvidenceKey(evidenceKey(stem, AT))).toEqual({ stem, at: AT });
  });

  it('are the same for every copy of a backup, whatever its tier', () => {
    const stems = (['daily', 'weekly', 'yearly'] as const).map((tier) =>
      stemOf({ tier, sourceId: 'app', slot: SUNDAY, format: 'dump' }),
    );
    expect(new Set(stems).size).toBe(1);
  });

  it('are not those of plans, and no artifact is read out of either', () => {
    for (const key of [drillPlanKey('by-hand-1'), drillRecordKey('by-hand-1'), 'drills/plans/20260426_050000.json']) {
      expect(parseEvidenceKey(key)).toBeUndefined();
      expect(parseArtifactKey(key)).toBeUndefined();
    }
    expect(parseArtifactKey(`${evidencePrefix('app_20260419_020000')}20260426_050000.json`)).toBeUndefined();
  });
});

describe('the keys of a restore', () => {
  it('lie under its name, and the record beside them', () => {
    expect([restorePlanKey('r1'), restoreItemKey('r1', 3), restoreProgressKey('r1', 3, 12), restoreRecordKey('r1')]).toEqual([
      'restores/r1/plan.json',
      'restores/r1/0003.json',
      'restores/r1/0003.progress-0012.json',
      'restores/r1.json',
    ]);
    expect(restoreProgressKey('r1', 3, 12).startsWith(restoreProgressPrefix('r1', 3))).toBe(true);
  });

  it('are never those of an artifact, whatever the execution is called', () => {
    const name = fc.string({ maxLength: 100 }).filter(isExecutionName);
    fc.assert(
      fc.property(name, (text) => {
        expect(parseArtifactKey(restoreRecordKey(text))).toBeUndefined();
      }),
    );
    expect(artifactKey({ tier: 'daily', sourceId: 'app', slot: SUNDAY, format: 'dump' }).startsWith('restores/')).toBe(false);
  });

  it.each(['', '../x', 'a/b', 'a.b', 'x'.repeat(81), '-x', 'ä'])('take no name like %j', (name) => {
    expect(isExecutionName(name)).toBe(false);
  });
});
