import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../lib/domain/config/config-file.ts';
import { offsiteFaults, offsiteLifetimes } from '../../../lib/domain/config/offsite-lifetimes.ts';
import type { RunRecord } from '../../../lib/domain/run/run-record.ts';
import { judgeOffsite, type OffsiteState, offsiteKeysOf } from '../../../lib/domain/store/offsite.ts';
import type { Slot } from '../../../lib/domain/time/slot.ts';

const copies = (...states: OffsiteState[]) => states.map((state, n) => ({ key: `daily/k${n}`, state }));

describe('what is known of off-site copies', () => {
  it('is nothing to speak of when all have arrived', () => {
    expect(judgeOffsite(copies('copied', 'copied'))).toEqual({ objects: 2, copied: 2, warnings: [] });
    expect(judgeOffsite([])).toEqual({ objects: 0, copied: 0, warnings: [] });
  });

  it.each([
    ['failed', 'could not copy'],
    ['waiting', 'has not yet copied'],
    ['never', 'never told'],
    ['unknown', 'nothing is known'],
  ] as const)('is a warning with the key where it is "%s"', (state, says) => {
    const { objects, copied, warnings } = judgeOffsite(copies('copied', state));
    expect({ objects, copied }).toEqual({ objects: 2, copied: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(says);
    expect(warnings[0]).toMatch(/1 object: daily\/k1$/);
  });

  it('does not miss what retention has removed meanwhile', () => {
    expect(judgeOffsite(copies('gone', 'copied'))).toEqual({ objects: 1, copied: 1, warnings: [] });
  });

  it('stays one line for a fleet of thousands, failures first', () => {
    const { warnings } = judgeOffsite(copies(...Array<OffsiteState>(2000).fill('waiting'), 'failed'));
    expect(warnings).toEqual([
      'off-site: S3 could not copy 1 object: daily/k2000',
      'off-site: S3 has not yet copied 2,000 objects: daily/k0, daily/k1, daily/k2 and 1997 more',
    ]);
  });
});

it('is asked of every artifact and manifest of the verified sources, promoted copies too', () => {
  const slot = '20260419_020000' as Slot;
  const at = '2026-04-19T02:10:00Z';
  const sources: RunRecord['sources'] = [
    {
      status: 'verified',
      sourceId: 'app',
      slot,
      at,
      manifestKey: 'daily/app_20260419_020000.dump.manifest.json',
      bytes: 1,
      counts: { of: 'database', tables: 1, rows: 1 },
      durationSeconds: 1,
      promoted: ['weekly/app_20260419_020000.dump'],
      warnings: [],
      tries: 1,
    },
    {
      status: 'failed',
      sourceId: 'crm',
      slot,
      at,
      failure: { reason: 'auth', detail: '', remedy: '', retryable: false },
      tries: 1,
    },
  ];
  expect(offsiteKeysOf({ sources })).toEqual([
    'daily/app_20260419_020000.dump',
    'daily/app_20260419_020000.dump.manifest.json',
    'weekly/app_20260419_020000.dump',
    'weekly/app_20260419_020000.dump.manifest.json',
  ]);
});

describe('the lifetime of off-site objects', () => {
  it('is for ever unless an age is written for their tier', () => {
    expect(offsiteLifetimes(undefined)).toEqual([]);
    expect(offsiteLifetimes({ daily: '60d', monthly: '12mo' })).toEqual([
      { tier: 'daily', days: 60 },
      { tier: 'monthly', days: 372 },
    ]);
  });

  it.each([
    ['7d', '7d'],
    [60, '60d'],
    ['2mo', '62d'],
  ])('may be as long as the rule here: %s and %s', (here, there) => {
    expect(offsiteFaults({ daily: there }, [{ daily: here }, undefined])).toEqual([]);
  });

  it.each([
    ['8d', '7d'],
    [8, '7d'],
    ['forever', '5y'],
    ['2mo', '61d'],
  ])('may not be shorter than the rule of any source here: %s and %s', (here, there) => {
    const [fault, ...more] = offsiteFaults({ daily: there }, [{ daily: '1d' }, { daily: here }]);
    expect(fault).toEqual({ tier: 'daily', message: expect.stringContaining(`"${here}"`) });
    expect(more).toEqual([]);
  });
});

describe('offsite.keep in the file', () => {
  const file = (daily: string, keep: string) => `keep: { daily: ${keep} }
connections: { main: { secret: s } }
offsite:
  region: eu-west-1
  bucketName: backups-there
  keep:
    daily: ${daily}
sources:
  - { id: app, database: app, connection: main }
  - { id: crm, database: crm, connection: main, keep: { daily: 40d } }
`;

  it('is taken where no source keeps longer', () => {
    expect(readConfig(file('40d', '7d'), 'f.yaml').offsite?.keep).toEqual({ daily: '40d' });
  });

  it.each([
    ['39d', '7d', /^f\.yaml:7:12 .*"40d"/],
    ['60d', 'forever', /^f\.yaml:7:12 .*"forever"/],
    ['"4"', '7d', /^f\.yaml:7:12 .*an age/],
    ['forever', '7d', /^f\.yaml:7:12 .*an age/],
  ])('%s is refused beside %s here, with its line', (there, here, message) => {
    expect(() => readConfig(file(there, here), 'f.yaml')).toThrow(message);
  });
});
