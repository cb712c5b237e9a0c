import { beforeEach, describe, expect, it } from 'vitest';
import { retain } from '../../functions/retain/retain.ts';
import { artifactKey, manifestKey, refusalsKey, retentionKey } from '../../lib/domain/backup/keys.ts';
import { RetentionRecord, RetentionRefusals } from '../../lib/domain/retention/retention-record.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  backup,
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

const plan = planOf([sourceOf('alpha'), sourceOf('alpha_two')]);
/** One backup a day, tonight's among them. The rule is 7d, so 5 of them are too old half an hour after the slot. */
const DAYS = 12;
const OLD = 5;
const daily = (id: string, days: number): string =>
  artifactKey({ tier: 'daily', sourceId: id, slot: slotBefore(SUNDAY, days), format: 'dump' });

let vault: MemoryVault;
let planKey: string;
const sweep = (minutes = 30) => retain({ vault, now: () => minutesAfter(SUNDAY, minutes) })({ planKey });
const record = () => RetentionRecord.parse(vault.json(retentionKey(plan)));
const resultOf = (id: string) => record().sources.find(({ sourceId }) => sourceId === id);

beforeEach(() => {
  vault = new MemoryVault();
  planKey = begun(vault, plan);
  for (const id of ['alpha', 'alpha_two']) for (let days = 0; days < DAYS; days++) backup(vault, id, slotBefore(SUNDAY, days));
  settled(vault, plan, verifiedOutcome('alpha', SUNDAY));
  settled(vault, plan, failedOutcome('alpha_two', SUNDAY, 'auth'));
});

describe('retain', () => {
  it('removes what the rules no longer ask for, of a source that has a fresh backup, manifest first', async () => {
    expect(await sweep()).toEqual({ removed: OLD, kept: DAYS - OLD });

    const gone = [7, 8, 9, 10, 11].map((days) => daily('alpha', days));
    expect(vault.keys('daily/alpha_2')).toHaveLength(2 * (DAYS - OLD));
    expect(vault.removals.slice(0, OLD).sort()).toEqual(gone.map(manifestKey).sort());
    expect(vault.removals.slice(OLD).sort()).toEqual([...gone].sort());
  });

  it('keeps all of a source that has no fresh backup', async () => {
    await sweep();
    expect(vault.keys('daily/alpha_two_')).toHaveLength(2 * DAYS);
    expect(resultOf('alpha_two')).toEqual({ result: 'unverified', sourceId: 'alpha_two' });
  });

  it('counts a source that an earlier attempt verified as fresh', async () => {
    const second = planOf(plan.sources, { attempt: 2, alreadyVerified: ['alpha_two'] });
    planKey = begun(vault, second);
    expect(await sweep()).toEqual({ removed: OLD, kept: DAYS - OLD });
    expect(vault.keys('daily/alpha_two_')).toHaveLength(2 * (DAYS - OLD));
  });

  it('has written down a reason for each backup before the first one goes', async () => {
    const writes: string[] = [];
    const put = vault.putOnce.bind(vault);
    vault.putOnce = (key, document) => {
      writes.push(`${key} after ${vault.removals.length} removals`);
      return put(key, document);
    };
    await sweep();

    expect(writes).toEqual([`${retentionKey(plan)} after 0 removals`]);
    const decided = resultOf('alpha');
    const decisions = decided?.result === 'decided' ? decided.decisions : [];
    expect(decisions).toHaveLength(DAYS);
    for (const { reasons } of decisions) expect(reasons.length).toBeGreaterThan(0);
    expect(decisions.filter(({ action }) => action === 'remove').map(({ key }) => key)).toContain(daily('alpha', 11));
  });

  it('removes nothing of a source whose listing breaks off, and goes on with the others', async () => {
    settled(vault, planOf(plan.sources, { attempt: 2 }), verifiedOutcome('alpha_two', SUNDAY));
    planKey = begun(vault, planOf(plan.sources, { attempt: 2, alreadyVerified: ['alpha'] }));
    vault.failing('list', 'daily/alpha_two_');

    expect(await sweep()).toMatchObject({ removed: OLD });

    expect(vault.unmetFaults).toBe(0);
    expect(vault.keys('daily/alpha_two_')).toHaveLength(2 * DAYS);
    const { sources } = RetentionRecord.parse(vault.json(retentionKey({ slot: SUNDAY, attempt: 2 })));
    expect(sources[1]).toMatchObject({ result: 'doubtful', why: expect.stringContaining('could not be listed (storage') });
  });

  it("removes nothing when the listing does not show tonight's backup", async () => {
    await vault.remove([manifestKey(daily('alpha', 0))]);
    expect(await sweep()).toEqual({ removed: 0, kept: DAYS - 1 });
    const decided = resultOf('alpha');
    const reasons = decided?.result === 'decided' ? decided.decisions.flatMap((one) => one.reasons) : [];
    expect(reasons).toHaveLength(DAYS - 1);
    for (const { code, text } of reasons) {
      expect(code).toBe('listing-in-doubt');
      expect(text).toContain(`does not show ${daily('alpha', 0)}`);
    }
  });

  it('removes nothing while the clock is in doubt', async () => {
    expect(await sweep(60 * 24 * 40)).toMatchObject({ removed: 0 });
    expect(await sweep(-60 * 24)).toMatchObject({ removed: 0 });
  });

  it('keeps an artifact whose manifest may not be removed, and writes the refusals down', async () => {
    vault.refusing(manifestKey(daily('alpha', 9))).refusing(daily('alpha', 10), 'SlowDown');

    expect(await sweep()).toEqual({ removed: OLD - 1, kept: DAYS - OLD + 1 });

    expect(vault.keys()).toEqual(expect.arrayContaining([daily('alpha', 9), manifestKey(daily('alpha', 9))]));
    expect(vault.keys()).not.toContain(manifestKey(daily('alpha', 10)));
    expect(RetentionRefusals.parse(vault.json(refusalsKey(plan))).refused).toEqual([
      { key: manifestKey(daily('alpha', 9)), code: 'AccessDenied' },
      { key: daily('alpha', 10), code: 'SlowDown' },
    ]);
  });

  it.each([
    ['no manifest', manifestKey(daily('alpha', 7))],
    ['some manifests', manifestKey(daily('alpha', 9))],
    ['all manifests and no artifact', daily('alpha', 7)],
    ['all manifests and some artifacts', daily('alpha', 10)],
  ])('finishes what a call began that died when it had removed %s', async (_, key) => {
    vault.failing('remove', key);
    await expect(sweep()).rejects.toMatchObject({ name: 'Nightproof.storage' });

    await sweep();

    expect(vault.unmetFaults).toBe(0);
    expect(vault.keys('daily/alpha_2')).toHaveLength(2 * (DAYS - OLD));
  });

  it('keeps in a repeated call what the rules have come to want, whatever the record says', async () => {
    const second = planOf([sourceOf('alpha', { keep: { daily: 2 } })], { attempt: 2, alreadyVerified: ['alpha'] });
    planKey = begun(vault, second);
    vault.failing('remove', 'daily/');
    await expect(sweep()).rejects.toMatchObject({ name: 'Nightproof.storage' });
    await vault.remove([manifestKey(daily('alpha', 1))]);

    await sweep();

    const manifests = vault.keys('daily/alpha_2').filter((key) => key.endsWith('.manifest.json'));
    expect(manifests).toEqual([manifestKey(daily('alpha', 2)), manifestKey(daily('alpha', 0))]);
  });

  it('removes in a repeated call nothing that the record gives no reason for', async () => {
    await sweep();
    backup(vault, 'alpha', slotBefore(SUNDAY, 30));
    expect(await sweep()).toMatchObject({ removed: OLD });
    expect(vault.keys()).toContain(daily('alpha', 30));
  });
});
